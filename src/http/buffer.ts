import { largestFrame } from '../job/events.ts'

/**
 * How much may be in the buffer of a connection, of so many bytes, when one more message about a job is put into it. Such messages
 * fill it by half: it grows in powers of two, and a slow reader must still get its answers.
 */
export const roomIn = (bufferBytes: number): number => bufferBytes / 2 - largestFrame
