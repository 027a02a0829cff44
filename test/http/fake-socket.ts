import type { Socket } from '../../src/http/channel/outbox.ts'

/** As much as is put into a socket's buffer. */
export const full = 256 * 1024

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
