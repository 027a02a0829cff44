import { describeStream } from './contract.ts'
import { client } from './lines/client.ts'
import { socket } from './lines/socket.ts'
import { sse } from './lines/sse.ts'
import { local } from './local.ts'
import { processes } from './processes.ts'

for (const transport of [sse, socket, client])
  for (const [cluster, runs] of [
    [local, 12],
    [processes, 2],
  ] as const)
    describeStream(transport, cluster, runs)
