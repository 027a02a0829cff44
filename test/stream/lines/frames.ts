const opcodes = { text: 1, close: 8, ping: 9, pong: 10 } as const
type Opcode = keyof typeof opcodes

/** A frame as a client sends it (RFC 6455, 5.2), under a mask of zeros, so that the payload stands as it is. */
export const frameOf = (payload: Uint8Array, opcode: Opcode = 'text'): Uint8Array => {
  const { length } = payload
  const size = length < 126 ? [0x80 | length] : [0x80 | 126, length >> 8, length & 0xff]
  return Buffer.concat([Buffer.from([0x80 | opcodes[opcode], ...size, 0, 0, 0, 0]), payload])
}

/** Takes what a server sends apart: whole frames without a mask, which is all that ours may send. */
export class FrameReader {
  #bytes: Buffer = Buffer.alloc(0)

  constructor(readonly frame: (opcode: number, payload: Buffer) => void) {}

  take(bytes: Buffer): void {
    this.#bytes = this.#bytes.length === 0 ? bytes : Buffer.concat([this.#bytes, bytes])
    for (;;) {
      const head = this.#head()
      if (head === undefined || this.#bytes.length < head.from + head.length) return
      const payload = this.#bytes.subarray(head.from, head.from + head.length)
      this.#bytes = this.#bytes.subarray(head.from + head.length)
      this.frame(head.opcode, payload)
    }
  }

  #head(): { opcode: number; from: number; length: number } | undefined {
    const bytes = this.#bytes
    if (bytes.length < 2) return undefined
    const opcode = bytes.readUInt8(0) & 0x0f
    const short = bytes.readUInt8(1)
    if (short < 126) return { opcode, from: 2, length: short }
    if (short === 126)
      return bytes.length < 4 ? undefined : { opcode, from: 4, length: bytes.readUInt16BE(2) }
    return bytes.length < 10 ? undefined : { opcode, from: 10, length: Number(bytes.readBigUInt64BE(2)) }
  }
}

export const isText = (opcode: number) => opcode === opcodes.text
export const isClose = (opcode: number) => opcode === opcodes.close
export const isPing = (opcode: number) => opcode === opcodes.ping
