import { startLimitedUpstream } from './limited-upstream.ts'

// The limited upstream as a process of its own: it outlives a server that a test kills, and does not share its event loop.
// The first line of its output is its URL.
console.log(startLimitedUpstream().url)
