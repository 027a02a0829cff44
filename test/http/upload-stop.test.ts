import { expect, test } from 'bun:test'
import { chunkRows } from '../../src/http/request/upload.ts'
import type { JobView } from '../../src/job/wire.ts'
import { problemOf, startApp } from './rig.ts'
import { many, sending } from './sending.ts'

test('an upload during which the server stops says how far it got, and to try again', async () => {
  await using rig = await startApp()
  const upload = sending(rig, '/jobs', { 'idempotency-key': 'k' })
  await upload.write({}, ...many(chunkRows + 1))
  const stored = async () => {
    const { data }: { data: JobView[] } = await (await rig.get('/jobs')).json()
    return data.find(({ counts }) => counts.succeeded === chunkRows)
  }
  let job = await stored()
  for (; job === undefined; job = await stored()) await rig.clock.advance(0)
  await rig.engine.stop()
  await upload.write(...many(chunkRows))
  const problem = await problemOf(await upload.response)
  expect(problem).toMatchObject({ status: 503, code: 'unavailable', job: job.id, accepted: chunkRows })
})
