import { afterEach, expect } from 'bun:test'
import type { Target } from '../../../src/client/target.ts'
import { type ConnectOptions, connect as connectUnseen, type Sheaf } from '../../../src/client.ts'
import { systemClock } from '../../../src/clock.ts'

/** What the tests of the moment have to leave behind closed. */
const checks = new Set<() => void | Promise<void>>()

/** Has something looked at when the test is over. */
export const checkAtEnd = (check: () => void | Promise<void>): void => void checks.add(check)

/** Called at the top of a file: each of its tests fails that leaves a timer or a socket of a client behind. */
export const failOnLeaks = (): void =>
  afterEach(async () => {
    const due = [...checks]
    checks.clear()
    for (const check of due) await check()
  })

/** The client's own, watched: {@link watched} has the options that a test does not give itself. */
export const connect = (target: Target, options: ConnectOptions = {}): Sheaf =>
  connectUnseen(target, { ...watched().options, ...options })

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

  const open = {
    options,
    sockets,
    /** How many sockets there have been. */
    get opened() {
      return opened
    },
    get timers() {
      return timers.size
    },
    /** Fails if a timer is left, or a socket that nobody closes. */
    async expectNothingOpen() {
      expect(timers.size).toBe(0)
      for (const { readyState } of sockets) expect(readyState).toBeGreaterThanOrEqual(WebSocket.CLOSING)
      await Promise.all(closings)
      expect(sockets.size).toBe(0)
    },
  }
  checkAtEnd(open.expectNothingOpen)
  return open
}
