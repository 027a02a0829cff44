import { roomIn } from '../buffer.ts'
import { closes } from './closes.ts'

/** What is needed of a socket to write to it. */
export interface Socket {
  sendText(text: string): number
  getBufferedAmount(): number
  close(code?: number, reason?: string): void
}

/**
 * The way out to one socket. Bun drops what is sent over the limit of its buffer; this never fills it. Messages about jobs are
 * pushed while there is room. Of each other sender at most one message waits, and they take turns.
 */
export class Outbox {
  #waiting = new Map<object, { text: string; settle(sent: boolean): void }>()
  #open = true
  /** Whether something is in the buffer, as far as is known: asking costs as much as all else here. */
  #congested = false
  readonly #room: number

  constructor(
    readonly socket: Socket,
    /** The most that the socket may have in its buffer, in bytes. */
    readonly bufferBytes: number,
  ) {
    this.#room = roomIn(bufferBytes)
  }

  /** Whether a message about a job fits the buffer now. */
  readonly hasRoom = (): boolean => this.#open && this.#waiting.size === 0 && this.#isLow()

  /** Sends a message if there is room for it, and says whether there was. */
  offer(text: string): boolean {
    return this.hasRoom() && this.#write(text)
  }

  /** Resolves with true when the message is on its way, with false when it never will be. One at a time for each sender. */
  async send(sender: object, text: string): Promise<boolean> {
    if (!this.#open) return false
    if (this.hasRoom()) return this.#write(text)
    return new Promise((settle) => this.#waiting.set(sender, { text, settle }))
  }

  /** An answer to a client's own message does not wait; a client that asks on and reads nothing is let go. */
  reply(text: string): void {
    if (!this.#open) return
    if (this.socket.getBufferedAmount() + text.length <= this.bufferBytes) this.#write(text)
    else this.socket.close(...closes.flood)
  }

  /** To be called when the buffer has been emptied. */
  drained(): void {
    for (const [sender, { text, settle }] of this.#waiting) {
      if (!this.#open || !this.#isLow()) return
      this.#waiting.delete(sender)
      settle(this.#write(text))
    }
  }

  /** Takes back what waits of a sender. */
  withdraw(sender: object): void {
    this.#waiting.get(sender)?.settle(false)
    this.#waiting.delete(sender)
  }

  close(): void {
    this.#open = false
    for (const sender of this.#waiting.keys()) this.withdraw(sender)
  }

  #isLow(): boolean {
    if (!this.#congested) return true
    const buffered = this.socket.getBufferedAmount()
    this.#congested = buffered > 0
    return buffered <= this.#room
  }

  /** Bun answers -1 when it had to buffer the message, and 0 when it dropped it: what would follow has a gap, so nothing does. */
  #write(text: string): boolean {
    const sent = this.socket.sendText(text)
    if (sent < 0) this.#congested = true
    if (sent !== 0) return true
    this.socket.close(...closes.lost)
    this.close()
    return false
  }
}
