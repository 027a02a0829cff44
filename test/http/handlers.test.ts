import { expect, test } from 'bun:test'
import { startApp } from './rig.ts'

test('GET /handlers shows each handler with its schemas and where it runs', async () => {
  await using rig = await startApp()
  const response = await rig.send('GET', '/handlers')
  const { data, next } = (await response.json()) as { data: { name: string; input: object }[]; next: null }
  expect(data.map(({ name }) => name)).toEqual(data.map(({ name }) => name).toSorted())
  expect(data.length).toBeGreaterThan(0)
  for (const handler of data) expect(handler).toMatchObject({ input: expect.any(Object), isolation: 'loop' })
  expect(next).toBeNull()
})
