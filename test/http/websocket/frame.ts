/** What a client may put on the wire (RFC 6455, section 5.2), and what it may not. */
export interface FrameOptions {
  /** Default true. */
  fin?: boolean
  /** The three reserved bits, as a number. Default 0. */
  rsv?: number
  /** Default true, as every frame of a client has to be. */
  masked?: boolean
  /** The length that the frame says it has. Default: that of the payload. */
  declared?: bigint
}

export const opcodes = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const

const mask = Buffer.from([0x12, 0x34, 0x56, 0x78])

export const frame = (
  opcode: number,
  payload: string | Uint8Array = '',
  options: FrameOptions = {},
): Buffer => {
  const { fin = true, rsv = 0, masked = true } = options
  const body = Buffer.from(typeof payload === 'string' ? payload : new Uint8Array(payload))
  const { declared = BigInt(body.length) } = options
  const first = (fin ? 0x80 : 0) | (rsv << 4) | opcode
  const head = Buffer.concat([
    Buffer.of(first),
    lengthOf(declared, masked ? 0x80 : 0, options.declared !== undefined),
  ])
  if (!masked) return Buffer.concat([head, body])
  return Buffer.concat([head, mask, body.map((byte, at) => byte ^ (mask[at % 4] ?? 0))])
}

export const text = (value: unknown): Buffer => frame(opcodes.text, JSON.stringify(value))

/** The payload of a close frame. */
export const closing = (code: number, reason: string | Uint8Array = ''): Buffer =>
  Buffer.concat([Buffer.of(code >> 8, code & 0xff), Buffer.from(reason as Uint8Array)])

/** In 7, 16 or 64 bits; one that is made up always takes 64. */
const lengthOf = (length: bigint, bit: number, long: boolean): Buffer => {
  if (!long && length < 126n) return Buffer.of(bit | Number(length))
  const wide = long || length > 0xffffn
  const buffer = Buffer.alloc(wide ? 9 : 3)
  buffer[0] = bit | (wide ? 127 : 126)
  if (wide) buffer.writeBigUInt64BE(length, 1)
  else buffer.writeUInt16BE(Number(length), 1)
  return buffer
}
