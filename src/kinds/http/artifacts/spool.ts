import { type FileHandle, open, rm } from 'node:fs/promises'
import { keeping, type Saved } from '../artifacts.ts'

/**
 * Writes a body to a file that is not there yet, and syncs it; its memory is one chunk. If that fails, or there are more
 * than `most` bytes (then it resolves with undefined), the file is gone.
 */
export const spool = async (
  path: string,
  body: ReadableStream<Uint8Array>,
  most: number,
): Promise<Saved | undefined> => {
  const reader = body.getReader()
  const file = await keeping(() => open(path, 'w', 0o600)).catch(async (error) => {
    await reader.cancel()
    throw error
  })
  let saved: Saved | undefined
  try {
    saved = await copy(reader, file, most)
  } finally {
    await file.close()
    if (!saved) {
      await rm(path, { force: true })
      await reader.cancel().catch(() => {})
    }
  }
  return saved
}

const copy = async (
  reader: ReadableStreamDefaultReader<Uint8Array>,
  file: FileHandle,
  most: number,
): Promise<Saved | undefined> => {
  const hash = new Bun.CryptoHasher('sha256')
  let bytes = 0
  for (let read = await reader.read(); !read.done; read = await reader.read()) {
    const { value } = read
    bytes += value.byteLength
    if (bytes > most) return undefined
    hash.update(value)
    await keeping(() => file.writeFile(value))
  }
  await keeping(() => file.sync())
  return { bytes, sha256: hash.digest('hex') }
}
