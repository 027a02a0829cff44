import { type FrameOptions, frame, opcodes } from './frame.ts'

/** One frame, as a client sends it. */
export interface Sent extends FrameOptions {
  opcode: number
  payload: Uint8Array
}

/** What RFC 6455 and the channel make of frames: what comes back, and the code with which it ends, if it does. */
export interface Verdict {
  pongs: string[]
  /** How many messages are answered. */
  answers: number
  /** `none` is a close frame without a code. */
  ends: number | 'none' | undefined
}

export const longest = 64 * 1024
const { continuation, binary, close, ping, pong } = opcodes
const known: readonly number[] = Object.values(opcodes)

/** The server's side of RFC 6455, written down once more: what Bun does is held against it. */
export const judge = (frames: readonly Sent[]): Verdict => {
  const verdict: Verdict = { pongs: [], answers: 0, ends: undefined }
  let message: { opcode: number; parts: Uint8Array[]; length: number } | undefined
  for (const { opcode, payload, fin = true, rsv = 0, masked = true, declared } of frames) {
    const isControl = opcode >= close
    const length = Number(declared ?? payload.length)
    const continues = opcode === continuation
    const forbidden =
      rsv !== 0 ||
      !masked ||
      !known.includes(opcode) ||
      (isControl ? !fin || length > 125 : continues !== (message !== undefined))
    if (forbidden) return { ...verdict, ends: 1002 }
    if (opcode === close) return { ...verdict, ends: answerTo(Buffer.from(payload)) }
    if (opcode === ping) verdict.pongs.push(Buffer.from(payload).toString('hex'))
    if (opcode === ping || opcode === pong) continue
    message ??= { opcode, parts: [], length: 0 }
    message.length += length
    if (message.length > longest) return { ...verdict, ends: 1009 }
    message.parts.push(payload)
    if (!fin) continue
    if (message.opcode === binary) return { ...verdict, ends: 1003 }
    if (!isText(Buffer.concat(message.parts))) return { ...verdict, ends: 1007 }
    verdict.answers += 1
    message = undefined
  }
  return verdict
}

/** The code that answers a close frame. */
const answerTo = (payload: Buffer): number | 'none' => {
  if (payload.length === 0) return 'none'
  if (payload.length === 1) return 1002
  const code = payload.readUInt16BE(0)
  const registered = code >= 1000 && code <= 1014 && ![1004, 1005, 1006].includes(code)
  if (!registered && (code < 3000 || code > 4999)) return 1002
  return isText(payload.subarray(2)) ? code : 1007
}

const isText = (bytes: Uint8Array): boolean => {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes)
    return true
  } catch {
    return false
  }
}

export const wireOf = (frames: readonly Sent[]): Buffer =>
  Buffer.concat(frames.map(({ opcode, payload, ...options }) => frame(opcode, payload, options)))
