import { queueStatuses } from '../../job/queue-wire.ts'
import { each, type Family, flags, one } from './family.ts'

/** How many queues have values of their own: 8 each. Of more, those with the most tasks; the others are counted. */
export const mostQueues = 200

/** What waits and runs where, and what is held up. Names are escaped, as a queue may be called anything. */
export const queueFamilies: readonly Family[] = [
  {
    name: 'sheaf_queues',
    type: 'gauge',
    labels: ['status'],
    help: 'Queues in which something waits or runs, or that have limits of their own: `broken` has an open circuit.',
    read: ({ census }) => (census ? each(census.statuses) : []),
  },
  {
    name: 'sheaf_queue_tasks',
    type: 'gauge',
    labels: ['queue', 'state'],
    help: `Tasks of a queue, of the ${mostQueues} queues that have the most.`,
    read: ({ census }) =>
      (census?.largest ?? []).flatMap(({ name, queued, blocked, running }) =>
        each({ queued, blocked, running }, name),
      ),
  },
  {
    name: 'sheaf_queue_status',
    type: 'gauge',
    labels: ['queue', 'status'],
    help: '1 for the status that such a queue has, 0 for the others.',
    read: ({ census }) =>
      (census?.largest ?? []).flatMap(({ name, status }) => each(flags(queueStatuses, [status]), name)),
  },
  {
    name: 'sheaf_queues_left_out',
    type: 'gauge',
    help: 'Queues beyond these, which have no values of their own.',
    read: ({ census }) => one(census?.others),
  },
]
