/** How many jobs one socket may follow. */
export const mostSubscriptions = 10_000

/** How long a message to the server may be, in bytes; a longer one closes the socket with 1009. */
export const longestMessage = 64 * 1024
