export { JobError, SheafError, TaskError } from './client/errors.ts'
export { call, type Each, each, email, http, literal, sleep, sql, type Task } from './client/task.ts'
export { ConfigError } from './config.ts'
export {
  defineHandler,
  Fatal,
  type Handler,
  type HandlerContext,
  type HandlerDefinition,
  type HandlerFunction,
} from './kinds/handler.ts'
export { PendingError } from './plugin/deadline.ts'
export type { LocalJob } from './plugin/job.ts'
export type { BackgroundOptions, LocalGatherOptions, LocalSheaf, Within } from './plugin/local.ts'
export type { Plugin as SheafPlugin } from './plugin/mount.ts'
export type { SheafOptions } from './plugin/options.ts'
export type { HostTransaction } from './plugin/outbox.ts'
export { sheaf } from './plugin/plugin.ts'
