/** What is needed of a socket to write to it. */
export interface Socket {
  sendText(text: string): number
  getBufferedAmount(): number
  close(code?: number, reason?: string): void
}

/** More than this, in bytes, is not put into a socket's buffer: the rest waits until the reader has taken it. */
const fullBytes = 256 * 1024
/** An answer to a client's own message does not wait; a client that asks on and reads nothing is let go. */
const floodedBytes = 1024 * 1024

/**
 * The way out to one socket. Bun drops what is sent over the limit of its buffer; this never fills it. Of each sender
 * at most one message waits, and they take turns.
 */
export class Outbox {
  #waiting = new Map<object, { text: string; settle(sent: boolean): void }>()
  #open = true

  constructor(readonly socket: Socket) {}

  /** Resolves with true when the message is on its way, with false when it never will be. One at a time for each sender. */
  async send(sender: object, text: string): Promise<boolean> {
    if (!this.#open) return false
    if (this.#waiting.size === 0 && this.#hasRoom()) return this.#write(text)
    return new Promise((settle) => this.#waiting.set(sender, { text, settle }))
  }

  /** Sends ahead of what waits. */
  reply(text: string): void {
    if (!this.#open) return
    if (this.socket.getBufferedAmount() < floodedBytes) this.#write(text)
    else this.socket.close(1013, 'Too many answers wait to be read.')
  }

  /** To be called when the buffer has been emptied. */
  drained(): void {
    for (const [sender, { text, settle }] of this.#waiting) {
      if (!this.#open || !this.#hasRoom()) return
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

  #hasRoom(): boolean {
    return this.socket.getBufferedAmount() < fullBytes
  }

  /** Bun answers 0 when it dropped the message: what would follow has a gap, so nothing does. */
  #write(text: string): boolean {
    if (this.socket.sendText(text) !== 0) return true
    this.socket.close(1011, 'A message was lost. Connect again and resume.')
    this.close()
    return false
  }
}
