import { closeSync, openSync, writeSync } from 'node:fs'

/** Writes nonsense over a part of a file. */
export const garble = (file: string, at: number, bytes: number): void => {
  const descriptor = openSync(file, 'r+')
  writeSync(descriptor, Buffer.alloc(bytes, 0xa5), 0, bytes, at)
  closeSync(descriptor)
}
