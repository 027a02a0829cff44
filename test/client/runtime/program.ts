import type { SocketConstructor } from '../../../src/client/follow/socket.ts'
import { call, connect, sleep } from '../../../src/client.ts'

export interface ProgramOptions {
  url: string
  token: string
  WebSocket?: SocketConstructor
}

/**
 * What a program does with the client, wherever it runs, and what it finds. `first` and `second` end by themselves. The server is
 * restarted when the task `following` runs, and lets `held` end then.
 */
export const run = async ({ url, ...options }: ProgramOptions) => {
  const sheaf = connect(url, { ...options, token: async () => options.token })
  const all = await sheaf.all([call<string>('gate', 'first'), call<string>('gate', 'second'), sleep(0)])
  const any = await sheaf.any([call('gate', 'broken')]).catch((error) => error.errors[0].message)

  const job = await sheaf.submit([call('gate', 'held'), sleep(0)], { name: 'held' })
  const ends: string[] = []
  let following: Promise<unknown> | undefined
  for await (const event of job) {
    following ??= sheaf.submit([call('gate', 'following')])
    if (event.type === 'tasks')
      for (const { index, state } of event.data) if (state === 'succeeded') ends.push(`${index} ${state}`)
  }
  await following

  const jobs = await Promise.all([1, 2, 3].map(() => sheaf.submit([sleep(0), sleep(0)])))
  const watched = new Set<string>()
  for await (const event of sheaf.watch(jobs))
    if (event.type === 'job' && event.data.finishedAt) watched.add(event.job)

  const slow = await sheaf.submit([sleep(1_000_000)])
  const abort = new AbortController()
  const ended = slow.ended({ signal: abort.signal }).catch((reason: unknown) => reason)
  await slow.snapshot()
  abort.abort('enough')
  const [value] = await job.results()
  return {
    all,
    any,
    ends: ends.toSorted(),
    watched: watched.size,
    aborted: await ended,
    result: value.state === 'succeeded' && value.output,
  }
}

/** What it finds if all is well. */
export const found: Awaited<ReturnType<typeof run>> = {
  all: ['first', 'second', null],
  any: 'out of paper',
  ends: ['0 succeeded', '1 succeeded'],
  watched: 3,
  aborted: 'enough',
  result: 'held',
}
