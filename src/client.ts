export type { Completed } from './client/completed.ts'
export { type ConnectOptions, connect } from './client/connect.ts'
export { JobError, SheafError, TaskError } from './client/errors.ts'
export type { FollowOptions } from './client/follow/follow.ts'
export type { After, Followed } from './client/follow/followed.ts'
export type { Selection } from './client/follow/selection-loop.ts'
export type { AddOptions, CompletedOptions, Job, Result, Results } from './client/job.ts'
export type { QueueListOptions, QueuePage, Queues } from './client/queues.ts'
export type { HistoryOptions, ScheduleListOptions, ScheduleOptions, Schedules } from './client/schedules.ts'
export type { GatherOptions, Sheaf } from './client/sheaf.ts'
export type { SubmitOptions } from './client/submit.ts'
export {
  type CallOptions,
  call,
  type Each,
  type EmailOptions,
  type EmailOutput,
  each,
  email,
  type HttpOptions,
  type HttpOutput,
  type HttpSaved,
  http,
  literal,
  type OutputOf,
  type Outputs,
  type SleepOptions,
  type SqlOptions,
  type SqlOutput,
  sleep,
  sql,
  type Task,
} from './client/task.ts'
export type { DeliveryListOptions, WebhookListOptions, Webhooks } from './client/webhooks.ts'
export type { FollowEvent, JobEvent, ProgressEvent, TaskChangeView, TasksEvent } from './job/events.ts'
export type { QueueView } from './job/queue-wire.ts'
export type { LimitsSpec } from './job/queues.ts'
export type { WebhookEvent, WebhookSpec } from './job/webhook.ts'
export type { DeliveryView, EndpointView, WholeDeliveryView } from './job/webhook-wire.ts'
export type { JobView, ResultView, TaskView, WholeTaskView } from './job/wire.ts'
export type { ScheduleView } from './kinds/schedule.ts'
