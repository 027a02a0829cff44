import { expect } from 'bun:test'
import { Type } from '@sinclair/typebox'
import { type App, createApp, Streams } from '../../src/http/app.ts'
import type { ProblemView } from '../../src/http/problem.ts'
import type { JobView } from '../../src/job/wire.ts'
import { defineHandler } from '../../src/kinds/handler.ts'
import { createKinds, type KindsOptions } from '../../src/kinds/kinds.ts'
import type { TaskSpec } from '../../src/kinds/spec.ts'
import { readTokens } from '../../src/tokens.ts'
import { type Rig, type RigOptions, startEngine } from '../support/engine.ts'
import { Script } from '../support/script.ts'

const echo = defineHandler({ name: 'echo', input: Type.Unknown(), run: (input) => input })
const fail = defineHandler({
  name: 'fail',
  input: Type.Unknown(),
  run: () => {
    throw new Error('the handler says no')
  },
})

/** A task that gives its input back at once. */
export const echoing = (input: unknown = null): TaskSpec => ({ kind: 'call', handler: 'echo', input })
/** A task that fails at once, and is not tried again. */
export const failing = (): TaskSpec => ({ kind: 'call', handler: 'fail', retry: { attempts: 1 } })
/** A task that runs until the test ends it, by `rig.runs`. */
export const holding = (): TaskSpec => ({ kind: 'sleep', ms: 1 })

export interface AppRigOptions extends Pick<RigOptions, 'wrap' | 'concurrency' | 'store' | 'mostWaiting'> {
  /** As in SHEAF_TOKENS. */
  tokens?: string
  maxBodyBytes?: number
  socketBufferBytes?: number
  socketIdleSeconds?: number
  maxQueuedPerToken?: number
  /** What the kinds of tasks are made with, beside their handlers. */
  kinds?: KindsOptions
  maxSockets?: number
}

export interface AppRig extends AsyncDisposable {
  app: App
  engine: Rig['engine']
  clock: Rig['clock']
  streams: Streams
  /** The runs of the tasks that are `holding()`. */
  runs: Script
  logs: { message: string; fields: Record<string, unknown> | undefined }[]
  get(path: string, headers?: HeadersInit): Promise<Response>
  send(method: string, path: string, body?: BodyInit, headers?: HeadersInit): Promise<Response>
  put(path: string, body: unknown, headers?: HeadersInit): Promise<Response>
  post(path: string, body?: unknown, headers?: HeadersInit): Promise<Response>
  /** Submits a job, which must be accepted. */
  submit(tasks: TaskSpec[], fields?: object, headers?: HeadersInit): Promise<JobView>
  /** Submits a job, and waits for its end. */
  run(tasks: TaskSpec[], fields?: object): Promise<JobView>
  read(id: string): Promise<JobView>
  /** Listens on a free port; returns `127.0.0.1:PORT`. */
  listen(): string
}

/** The HTTP interface on the real engine and a store in memory. Dispose of it with `await using`. */
export const startApp = async (given: AppRigOptions = {}) => {
  const { tokens, maxBodyBytes = 1_000_000, socketBufferBytes = 1024 * 1024, ...rest } = given
  const { maxQueuedPerToken, maxSockets, socketIdleSeconds, kinds: own, ...options } = rest
  const runs = new Script()
  const kinds = { ...createKinds({ handlers: [echo, fail], ...own }), sleep: runs }
  const under = await startEngine({ ...options, kinds })
  const { engine, clock } = under
  const streams = new Streams(maxSockets)
  const logs: AppRig['logs'] = []
  const log = (message: string, fields?: Record<string, unknown>) => void logs.push({ message, fields })
  const app = createApp({
    engine,
    kinds,
    clock,
    streams,
    maxBodyBytes,
    socketBufferBytes,
    socketIdleSeconds,
    maxQueuedPerToken,
    log: { debug: log, info: log, warn: log, error: log },
    handlers: [echo, fail],
    secrets: new Set(),
    tokens: tokens === undefined ? [] : (readTokens(tokens) ?? []),
  })
  const send: AppRig['send'] = (method, path, body, headers) =>
    app.handle(
      new Request(`http://localhost${path}`, {
        method,
        ...(body !== undefined && { body }),
        ...(headers && { headers }),
      }),
    )

  const rig: AppRig = {
    app,
    engine,
    clock,
    streams,
    runs,
    logs,
    send,
    get: (path, headers) => send('GET', path, undefined, headers),
    put: (path, body, headers) =>
      send('PUT', path, JSON.stringify(body), { 'content-type': 'application/json', ...headers }),
    post: (path, body, headers) =>
      body === undefined
        ? send('POST', path, undefined, headers)
        : send('POST', path, JSON.stringify(body), { 'content-type': 'application/json', ...headers }),
    async submit(tasks, fields, headers) {
      const response = await rig.post('/jobs', { tasks, ...fields }, headers)
      expect(response.status).toBe(202)
      return response.json()
    },
    async run(tasks, fields) {
      const { id } = await rig.submit(tasks, fields)
      await under.ended({ id })
      return rig.read(id)
    },
    async read(id) {
      const response = await rig.get(`/jobs/${id}`)
      expect(response.status).toBe(200)
      return response.json()
    },
    listen() {
      app.listen({ hostname: '127.0.0.1', port: 0 })
      return `127.0.0.1:${app.server?.port}`
    },
    async [Symbol.asyncDispose]() {
      streams.close()
      await app.server?.stop(true)
      await under[Symbol.asyncDispose]()
      expect(streams.size).toBe(0)
    },
  }
  return rig
}

/** The problem in a response, which must be one in every respect. */
export const problemOf = async (response: Response): Promise<ProblemView> => {
  expect(response.headers.get('content-type')).toBe('application/problem+json')
  const problem: ProblemView = await response.json()
  expect(problem.status).toBe(response.status)
  return problem
}
