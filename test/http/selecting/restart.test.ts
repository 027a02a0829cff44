import { expect, test } from 'bun:test'
import type { ServerMessage } from '../../../src/job/events.ts'
import { startServer } from '../../support/server.ts'
import { Channel } from '../socket.ts'
import { SelectingClient } from './client.ts'

const isSelection = ({ type }: ServerMessage) => type === 'selection'

test('across a restart of the server nothing is missed and no end told twice', async () => {
  await using before = await startServer()
  const submit = async (url: string, tasks: object[]) => {
    const body = JSON.stringify({ name: 'enrich', labels: { team: 'growth' }, tasks })
    const response = await fetch(`${url}/jobs`, {
      method: 'POST',
      body,
      headers: { 'content-type': 'application/json' },
    })
    const { id }: { id: string } = await response.json()
    return id
  }
  const nap = (ms: number) => [{ kind: 'sleep', ms }]
  const client = new SelectingClient({ label: 'team:growth' })
  const follow = async (url: string, isLast: (message: ServerMessage) => boolean) => {
    using channel = await Channel.open(new URL(url).host)
    channel.send(client.subscribe())
    for (const message of await channel.until(isLast)) client.take(message)
  }
  const ended = await submit(before.url, nap(0))
  await fetch(`${before.url}/jobs/${ended}/results?wait=10`)
  const open = await submit(before.url, nap(600_000))
  await follow(before.url, isSelection)
  expect([...client.jobs.keys()]).toEqual([open])
  const missed = await submit(before.url, nap(0))
  await fetch(`${before.url}/jobs/${missed}/results?wait=10`)
  await before.stop()

  await using after = await startServer({ env: { SHEAF_DATABASE: before.database } })
  await fetch(`${after.url}/jobs/${open}/cancel`, { method: 'POST' })
  const made = await submit(after.url, nap(0))
  await fetch(`${after.url}/jobs/${made}/results?wait=10`)
  await follow(after.url, isSelection)
  expect(new Set(client.jobs.keys())).toEqual(new Set([open, missed, made]))
  for (const id of [missed, made]) expect(client.jobs.get(id)?.ends).toHaveLength(1)
  expect(client.jobs.get(open)?.job?.state).toBe('cancelled')
})
