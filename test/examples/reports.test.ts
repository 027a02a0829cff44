import { expect, test } from 'bun:test'
import { json, startExample } from './rig.ts'

interface Message {
  type: string
  data?: { state?: string; [field: string]: unknown }
}

/** What comes over a socket of the app, from the first message on; closed when nobody reads any more. */
const messagesOf = (url: string, first: object): ReadableStream<Message> => {
  const socket = new WebSocket(url)
  socket.addEventListener('open', () => socket.send(JSON.stringify(first)))
  return new ReadableStream({
    start: (stream) =>
      socket.addEventListener('message', ({ data }) => {
        if (socket.readyState === WebSocket.OPEN) stream.enqueue(JSON.parse(String(data)))
      }),
    cancel: () => socket.close(),
  })
}

test('a report is made in the queue, and its progress comes over a WebSocket', async () => {
  await using example = startExample()
  const { clock, url, waits } = example
  const asked = await fetch(`${url}/reports`, json('POST', { pages: 3 }))
  expect(asked.status).toBe(202)
  const { job, socket, results } = await asked.json()
  const messages = messagesOf(url.replace('http', 'ws') + socket, { type: 'subscribe', job })
  const progress: unknown[] = []
  for await (const { type, data } of messages) {
    if (type === 'progress') progress.push(data)
    if (type === 'job' && data?.state === 'succeeded') break
    // The subscription stands, or a page was told of: on to the next one.
    await waits.reach(progress.length + 1)
    await clock.advance(600)
  }
  // After the last page comes the end.
  expect(progress).toMatchObject([[{ done: 1, total: 3 }], [{ done: 2, total: 3 }]])
  expect((await (await fetch(url + results)).json()).data).toMatchObject([{ output: 'A report of 3 pages' }])
})
