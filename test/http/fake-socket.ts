import type { Socket } from '../../src/http/channel/outbox.ts'

/** The most that the socket may have in its buffer. */
export const bufferBytes = 1024 * 1024
/** More than may be there when another message is put into it. */
export const full = 256 * 1024 + 1

/** A socket whose reader takes what was sent when the test says so. */
export class FakeSocket implements Socket {
  sent: string[] = []
  closed: number | undefined
  buffered = 0
  drops = false

  sendText(text: string): number {
    if (this.drops) return 0
    this.sent.push(text)
    this.buffered += text.length
    return -1
  }
  getBufferedAmount() {
    return this.buffered
  }
  close(code: number) {
    this.closed = code
  }
}
