/** More than this is not put ahead of what a socket has taken: what is published over its limit is lost. */
const most = 256 * 1024

interface Buffering {
  getBufferedAmount(): number
}

/** Resolves when none of them is full; at least a turn of the event loop later, as between two commits. */
export const paced = async (sockets: Iterable<Buffering>): Promise<void> => {
  do await new Promise((resolve) => setImmediate(resolve))
  while ([...sockets].some((socket) => socket.getBufferedAmount() > most))
}
