/**
 * A WebSocket client that does next to nothing: on a raw socket, as a thousand of Bun's own in one process would cost more than
 * what is measured. Of what it is sent it takes the bytes.
 */
export const openRaw = async (url: string, onBytes: (bytes: Uint8Array) => void): Promise<Bun.Socket> => {
  const { hostname, port, pathname } = new URL(url)
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  let head = ''
  let isOpen = false
  const socket = await Bun.connect({
    hostname,
    port: Number(port),
    socket: {
      open: (socket) => void socket.write(handshake(pathname)),
      data: (_, bytes) => {
        if (isOpen) return onBytes(bytes)
        head += Buffer.from(bytes).toString('latin1')
        const end = head.indexOf('\r\n\r\n')
        if (end < 0) return
        isOpen = true
        if (!head.startsWith('HTTP/1.1 101')) return reject(new Error(`Expected 101, got ${head}`))
        resolve()
        const rest = Buffer.from(head.slice(end + 4), 'latin1')
        if (rest.length > 0) onBytes(rest)
      },
      error: (_, error) => reject(error),
      close: () => reject(new Error('The server closed a connection')),
    },
  })
  await promise
  return socket
}

export const handshake = (path: string) =>
  `GET ${path} HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n`

/** A text frame of less than 126 bytes, with a mask of zeros (RFC 6455, 5.2), so that the payload stands as it is. */
export const frameOf = (message: object): Uint8Array => {
  const payload = Buffer.from(JSON.stringify(message))
  return Buffer.concat([Buffer.from([0x81, 0x80 | payload.length, 0, 0, 0, 0]), payload])
}

/** Whether it is what a server sends a socket that has been silent: nothing else comes with it. */
export const isPing = (bytes: Uint8Array): boolean => bytes.length === 2 && bytes[0] === 0x89

/** What has to be answered, or the server closes the connection. */
export const pong = Uint8Array.of(0x8a, 0x80, 0, 0, 0, 0)

/** The texts of the frames in what a server sent. */
export function* textsIn(bytes: Buffer): Generator<string> {
  for (let at = 0; at < bytes.length; ) {
    const short = bytes.readUInt8(at + 1)
    const head = short < 126 ? 2 : short === 126 ? 4 : 10
    const length =
      short < 126 ? short : short === 126 ? bytes.readUInt16BE(at + 2) : Number(bytes.readBigUInt64BE(at + 2))
    yield bytes.toString('utf8', at + head, at + head + length)
    at += head + length
  }
}
