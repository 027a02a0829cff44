import { Type } from '@sinclair/typebox'
import { defineHandler, Fatal } from '../../../src/kinds/handler.ts'

/**
 * Tasks that end when the test says so, as it says: the promises of a `Promise.all`, on a server. Each task is known by a
 * name, which is its input.
 */
export const createGate = () => {
  const tasks = new Map<string, PromiseWithResolvers<unknown>>()
  const started = new Map<string, PromiseWithResolvers<void>>()
  const get = <T>(map: Map<string, PromiseWithResolvers<T>>, name: string) => {
    let found = map.get(name)
    if (found === undefined) {
      found = Promise.withResolvers<T>()
      found.promise.catch(() => {})
      map.set(name, found)
    }
    return found
  }

  const handler = defineHandler({
    name: 'gate',
    input: Type.String(),
    // It need not heed its signal: nobody waits for an attempt that was interrupted.
    run: (name) => {
      get(started, name).resolve()
      return get(tasks, name).promise
    },
  })
  return {
    handler,
    /** Resolves when these tasks run. */
    running: (...names: string[]) => Promise.all(names.map((name) => get(started, name).promise)),
    /** What the test lets this task end with. */
    ended: (name: string) => get(tasks, name).promise,
    succeed: (name: string, value: unknown = name) => get(tasks, name).resolve(value),
    fail: (name: string, message = name) => get(tasks, name).reject(new Fatal(message)),
  }
}
