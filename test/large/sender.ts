export {}

/** Streams a job of so many tasks to a server as NDJSON, a line at a time as fast as it takes them; writes the answer. `keyed` gives them keys, `stall` never comes to the end. */
const [url = '', tasks = '0', ...how] = process.argv.slice(2)

const batch = 500
let sent = 0

const linesFrom = (from: number, to: number): string => {
  let text = ''
  for (let index = from; index < to; index += 1)
    text += `{"kind":"sleep","ms":0${how.includes('keyed') ? `,"key":"task-${index}"` : ''}}\n`
  return text
}

const encoder = new TextEncoder()
const body = new ReadableStream<Uint8Array>({
  pull(controller) {
    if (sent === 0) controller.enqueue(encoder.encode('{"name":"large"}\n'))
    const to = Math.min(Number(tasks), sent + batch)
    controller.enqueue(encoder.encode(linesFrom(sent, to)))
    sent = to
    if (sent < Number(tasks)) return undefined
    // The last line never comes.
    if (how.includes('stall')) return new Promise<void>(() => {})
    return controller.close()
  },
})

const response = await fetch(`${url}/jobs`, {
  method: 'POST',
  headers: { 'content-type': 'application/x-ndjson', 'idempotency-key': 'large' },
  body,
})
console.log(JSON.stringify({ status: response.status, job: await response.json() }))
