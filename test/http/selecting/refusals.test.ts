import { describe, expect, test } from 'bun:test'
import { mostSelections } from '../../../src/job/commands.ts'
import type { Store } from '../../../src/store/store.ts'
import { Probe } from '../../engine/kit/probe.ts'
import { startApp } from '../rig.ts'
import { Channel } from '../socket.ts'

describe('a selection that is not allowed is answered with an error, and changes nothing else', () => {
  test.each<[message: object, text: string]>([
    [{ name: '' }, 'Expected "name" to be a string of 1 to 200 printable characters, got "".'],
    [{ label: 'growth' }, 'Expected "label" to be a label: its name, a colon and its value, got "growth".'],
    [{ label: ':growth' }, 'Expected "label" to be a label: its name, a colon and its value, got ":growth".'],
    [{ name: 'a', since: -1 }, 'Expected "since" of at least 0, got -1.'],
    [
      { name: 'a', since: 1 },
      'Expected "since" between 0 and 0, the highest number that was reached, got 1.',
    ],
    [{ name: 'a', seen: { job: 1 } }, 'the id of a job'],
    [{ name: 'a', seen: { '01900000-0000-7000-8000-000000000000': -1 } }, 'at least 0, got -1.'],
    [{ name: 'a', after: 1 }, 'Unknown field "after"'],
    [{ name: 'a', job: '01900000-0000-7000-8000-000000000000' }, 'Unknown field "job"'],
  ])('%j', async (fields, text) => {
    await using rig = await startApp()
    using channel = await Channel.open(rig.listen())
    channel.send({ type: 'subscribe', ...fields })
    const error = await channel.next()
    expect(error).toMatchObject({
      type: 'error',
      code: 'invalid',
      ...('name' in fields && { name: fields.name }),
    })
    expect('message' in error && error.message).toContain(text)
    expect(await channel.flush()).toEqual([])
  })

  test(`one more than ${mostSelections}`, async () => {
    await using rig = await startApp()
    using channel = await Channel.open(rig.listen())
    for (let nth = 0; nth <= mostSelections; nth += 1) channel.send({ type: 'subscribe', name: `job ${nth}` })
    const errors = (await channel.flush()).filter(({ type }) => type === 'error')
    expect(errors).toEqual([
      {
        type: 'error',
        code: 'conflict',
        message: `Expected at most ${mostSelections} selections a socket, got one more.`,
        name: `job ${mostSelections}`,
      },
    ])
  })
})

test('a failure of the server ends the selection, without a word of what it was', async () => {
  const failing = (store: Store) =>
    Object.assign(new Probe(store), { lastNumber: () => Promise.reject(new Error('the disk says no')) })
  await using rig = await startApp({ wrap: failing })
  using channel = await Channel.open(rig.listen())
  channel.send({ type: 'subscribe', name: 'enrich' })
  const message = 'The server failed. Its log says why.'
  expect(await channel.next()).toEqual({ type: 'error', code: 'internal', message, name: 'enrich' })
  expect(rig.logs).toMatchObject([{ fields: { name: 'enrich', error: expect.any(Error) } }])
  await rig.submit([], { name: 'enrich' })
  expect(await channel.flush()).toEqual([])
})
