import { expect } from 'bun:test'
import { accepts } from '../../../src/job/check.ts'
import { HttpInput } from '../../../src/kinds/http.ts'
import type { RunResult } from '../../../src/kinds/kind.ts'
import { TestContext } from '../context.ts'
import { http } from './loopback.ts'

type Fields = Omit<HttpInput, 'url'>

export interface Answering extends AsyncDisposable {
  url: string
  /** Runs a task that asks it. */
  run(path: string, fields?: Fields, context?: { waitedMs?: number }): Promise<RunResult>
  /** The same, for one that must succeed. */
  output(path: string, fields?: Fields): Promise<unknown>
}

/** A real server that answers as it is told: `await using upstream = answering((request) => …)`. */
export const answering = (fetch: (request: Request) => Response | Promise<Response>): Answering => {
  const server = Bun.serve({ hostname: '127.0.0.1', port: 0, idleTimeout: 0, development: false, fetch })
  const url = `http://127.0.0.1:${server.port}`
  const run: Answering['run'] = async (path, fields = {}, context = {}) => {
    const input: HttpInput = { url: url + path, ...fields }
    expect(accepts(HttpInput, input)).toBe(true)
    expect(http.check?.(input, 'tasks[0]')).toEqual([])
    return http.run(input, Object.assign(new TestContext(), context))
  }
  return {
    url,
    run,
    output: async (path, fields) => {
      const result = await run(path, fields)
      if (result.type !== 'succeeded') throw new Error(`Not succeeded: ${JSON.stringify(result)}`)
      return JSON.parse(result.output)
    },
    [Symbol.asyncDispose]: () => server.stop(true),
  }
}
