import type { Clock } from '../clock.ts'
import type { Engine } from '../engine/engine.ts'
import type { Handler } from '../kinds/handler.ts'
import type { Artifacts } from '../kinds/http/artifacts.ts'
import type { Kinds } from '../kinds/kinds.ts'
import type { Log } from '../log.ts'
import type { Token } from '../tokens.ts'
import type { Streams } from './streams.ts'

export interface AppOptions {
  /** Where every path begins, such as `/gather`. Default: nothing. */
  prefix?: string | undefined
  /** Whether somebody else keeps strangers out: then neither tokens nor the headers `Host` and `Origin` are looked at. Default false. */
  guarded?: boolean | undefined
  engine: Engine
  kinds: Kinds
  clock: Clock
  log: Log
  /** Who may do what; with none, everybody on this machine may do everything. */
  tokens: readonly Token[]
  /** What `call` tasks can run. */
  handlers: readonly Handler[]
  /** The names that `{{secrets.NAME}}` may have. */
  secrets: ReadonlySet<string>
  /** The largest request body that is read. */
  maxBodyBytes: number
  /** The most that is buffered for one subscriber, in bytes. */
  socketBufferBytes: number
  /** After how long a socket is closed whose other end does not answer any more; at least 8. Default 120. */
  socketIdleSeconds?: number | undefined
  /** How many tasks may wait that were submitted with one token. Default: any number. */
  maxQueuedPerToken?: number | undefined
  /** Where the bodies are that tasks saved. Default: there are none. */
  artifacts?: Artifacts
  /** Keeps what stays open, for whoever stops the server to close. */
  streams: Streams
}
