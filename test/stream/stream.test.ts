import { describeStream } from './contract.ts'
import { client, clientOverSse } from './lines/client.ts'
import { socket } from './lines/socket.ts'
import { sse } from './lines/sse.ts'
import { local } from './local.ts'
import { processes } from './processes.ts'

for (const transport of [sse, socket, client, clientOverSse]) describeStream(transport, local, 8)
for (const transport of [sse, socket, client]) describeStream(transport, processes, 1)
