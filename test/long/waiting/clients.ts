import type { Socket } from 'bun'

/**
 * Opens so many connections to a server, each with a request that waits for a minute: half of them submit a job into the queue `gate`, half
 * want the results of one job. Writes how often each answer came: its status, with `again` if it says when to try again, or `cut`.
 */
const [url = '', count = '0', job = ''] = process.argv.slice(2)

/** As many as a listening socket lets wait to be accepted. */
const atOnce = 250

const body = JSON.stringify({ tasks: [{ kind: 'sleep', ms: 0, queue: 'gate' }] })
const { hostname, port, host } = new URL(url)
const requests = [
  `POST /jobs HTTP/1.1\r\nHost: ${host}\r\nPrefer: wait=60\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
  `GET /jobs/${job}/results?wait=60 HTTP/1.1\r\nHost: ${host}\r\n\r\n`,
]

const answers: Record<string, number> = {}
let left = Number(count)

/** Takes the head of the answer, which comes in one piece, or the end of the connection. */
const take = (socket: Socket<{ answered: boolean }>, answer: string) => {
  if (socket.data.answered) return
  socket.data.answered = true
  answers[answer] = (answers[answer] ?? 0) + 1
  left -= 1
  if (left > 0) return
  console.log(JSON.stringify(answers))
  process.exit()
}

const ask = (request: string) =>
  Bun.connect<{ answered: boolean }>({
    hostname,
    port: Number(port),
    socket: {
      open(socket) {
        socket.data = { answered: false }
        socket.write(request)
      },
      data(socket, bytes) {
        const head = bytes.toString()
        take(socket, `${head.split(' ')[1]}${/^retry-after:/im.test(head) ? ' again' : ''}`)
      },
      close: (socket) => take(socket, 'cut'),
    },
  })

for (let asked = 0; asked < Number(count); asked += atOnce)
  await Promise.all(
    Array.from({ length: Math.min(atOnce, Number(count) - asked) }, (_, index) =>
      ask(requests[index % 2] ?? ''),
    ),
  )
