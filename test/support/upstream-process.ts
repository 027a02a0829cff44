import { startUpstream } from './upstream.ts'

// The upstream as a process of its own: it outlives a server that a test kills, and does not share its event loop.
// The first line of its output is its URL; `GET /_counts` answers {paths, keys}.
const { url } = startUpstream({ port: Number(process.env.PORT ?? 0), record: false })
console.log(url)
