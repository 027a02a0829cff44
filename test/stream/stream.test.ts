import { describeStream } from './contract.ts'
import { client, clientOverSse } from './lines/client.ts'
import { socket } from './lines/socket.ts'
import { sse } from './lines/sse.ts'
import { local } from './local.ts'
import { processes } from './processes.ts'

for (const transport of [sse, socket, client, clientOverSse])
  for (const [cluster, runs] of [
    [local, 8],
    [processes, 1],
  ] as const)
    describeStream(transport, cluster, runs)
