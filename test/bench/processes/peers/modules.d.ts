/**
 * As much of the peers as the bench calls. They are in a `package.json` of its own and installed when they are measured, so the
 * types here stand whether they are there or not.
 */

declare module 'bunqueue/client' {
  interface Embedded {
    embedded: true
    dataPath: string
  }
  export class Queue {
    constructor(name: string, options: Embedded)
    addBulk(jobs: { name: string; data: unknown }[]): Promise<unknown>
    getJobCounts(): { completed: number } | Promise<{ completed: number }>
  }
  export class Worker {
    constructor(
      name: string,
      processor: (job: unknown) => Promise<unknown>,
      options: Embedded & { concurrency: number; batchSize: number; autorun: false },
    )
    on(event: 'completed', listener: () => void): this
    run(): void
    close(): Promise<void>
  }
}

declare module 'plainjob' {
  interface Connection {
    readonly driver: string
  }
  interface Logger {
    error(message: string): void
    warn(message: string): void
    info(message: string): void
    debug(message: string): void
  }
  interface Queue {
    addMany(type: string, data: unknown[]): { ids: number[] }
    countJobs(which: { type: string; status: number }): number
  }
  interface Worker {
    start(): Promise<void>
    stop(): Promise<void>
  }
  export const JobStatus: { readonly Done: number }
  export const bun: (database: import('bun:sqlite').Database) => Connection
  export const defineQueue: (options: { connection: Connection; logger: Logger }) => Queue
  export const defineWorker: (
    type: string,
    processor: (job: unknown) => Promise<void>,
    options: { queue: Queue; logger: Logger; onCompleted: () => void },
  ) => Worker
}

declare module 'graphile-worker' {
  interface Shared {
    connectionString: string
    logger: Logger
  }
  interface Batching {
    concurrentJobs: number
    maxPoolSize: number
    localQueue: { size: number }
    completeJobBatchDelay: number
    failJobBatchDelay: number
  }
  interface Events {
    on(event: 'job:success', listener: () => void): this
  }
  export class Logger {
    constructor(scoped: () => () => void)
  }
  export const makeWorkerUtils: (options: Shared) => Promise<{
    addJobs(jobs: { identifier: string; payload: unknown }[]): Promise<unknown>
  }>
  export const run: (
    options: Shared & {
      taskList: Record<string, (payload: unknown) => Promise<void>>
      preset: { worker: Batching }
      noHandleSignals: true
    },
  ) => Promise<{ events: Events }>
}

declare module 'bullmq' {
  interface Options {
    connection: { url: string; maxRetriesPerRequest: null }
  }
  export class Queue {
    constructor(name: string, options: Options)
    addBulk(jobs: { name: string; data: unknown }[]): Promise<unknown>
    getJobCounts(...states: 'completed'[]): Promise<{ completed: number }>
    close(): Promise<void>
  }
  export class Worker {
    constructor(
      name: string,
      processor: (job: unknown) => Promise<unknown>,
      options: Options & { concurrency: number; autorun: false },
    )
    on(event: 'completed', listener: () => void): this
    waitUntilReady(): Promise<unknown>
    run(): Promise<void>
    close(): Promise<void>
  }
}
