import { WebSocket } from 'ws'
import { run } from './program.ts'

// Node 20 has no WebSocket of its own. A later one has: whether it does or not, it is not to be found here.
Reflect.deleteProperty(globalThis, 'WebSocket')

const [, , url = '', token = '', withSocket] = process.argv
const observed = await run({ url, token, ...(withSocket && { WebSocket }) })
console.log(JSON.stringify({ observed, node: process.version, bun: 'Bun' in globalThis }))
