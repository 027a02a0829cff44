import { expect } from 'bun:test'
import type { ConnectOptions } from '../../../src/client.ts'
import { systemClock } from '../../../src/clock.ts'

/** Options for `connect` that know what is open: every socket and every timer. Backoff is without delay. */
export const watched = () => {
  const sockets = new Set<WebSocket>()
  const timers = new Set<object>()
  const closings: Promise<void>[] = []
  let opened = 0

  class WatchedSocket extends WebSocket {
    constructor(url: string, options?: never) {
      super(url, options)
      opened += 1
      sockets.add(this)
      closings.push(
        new Promise((resolve) =>
          this.addEventListener('close', () => {
            sockets.delete(this)
            resolve()
          }),
        ),
      )
    }
  }

  const options = {
    WebSocket: WatchedSocket,
    clock: {
      now: systemClock.now,
      random: () => 0,
      after(ms, action) {
        const timer = {}
        timers.add(timer)
        const cancel = systemClock.after(ms, () => {
          timers.delete(timer)
          action()
        })
        return () => {
          timers.delete(timer)
          cancel()
        }
      },
    },
  } satisfies ConnectOptions

  return {
    options,
    sockets,
    /** How many sockets there have been. */
    get opened() {
      return opened
    },
    get timers() {
      return timers.size
    },
    /** Fails if a timer is left, or a socket that nobody closes (which would be a test that does not end). */
    async expectNothingOpen() {
      expect(timers.size).toBe(0)
      await Promise.all(closings)
      expect(sockets.size).toBe(0)
    },
  }
}
