import { describeStream } from './contract.ts'
import { client } from './lines/client.ts'
import { socket } from './lines/socket.ts'
import { sse } from './lines/sse.ts'
import { local } from './local.ts'
import { processes } from './processes.ts'

for (const transport of [sse, socket, client]) {
  describeStream(transport, local, { runs: 12, filters: false })
  describeStream(transport, processes, { runs: 2, filters: false })
}
