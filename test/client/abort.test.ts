import { describe, expect, test } from 'bun:test'
import { type Sheaf, sleep, type Task } from '../../src/client.ts'
import { jobId } from './support/events.ts'
import { failOnLeaks } from './support/leaks.ts'
import { startClient } from './support/rig.ts'

failOnLeaks()

type Options = { signal: AbortSignal }

const naps = async function* (): AsyncGenerator<Task> {
  yield sleep(0)
}

/** Everything that waits for the server. */
const waits: Record<string, (sheaf: Sheaf, options: Options) => Promise<unknown>> = {
  all: (sheaf, options) => sheaf.all([sleep(0)], options),
  allSettled: (sheaf, options) => sheaf.allSettled([sleep(0)], options),
  any: (sheaf, options) => sheaf.any([sleep(0)], options),
  race: (sheaf, options) => sheaf.race([sleep(0)], options),
  'race of nothing': (sheaf, options) => sheaf.race([], options),
  submit: (sheaf, options) => sheaf.submit([sleep(0)], options),
  'submit of a stream': (sheaf, options) => sheaf.submit(naps(), options),
  watch: (sheaf, options) => sheaf.watch([jobId], options).next(),
  'job.follow': (sheaf, options) => sheaf.job(jobId).follow(options).next(),
  'job.snapshot': (sheaf, options) => sheaf.job(jobId).snapshot(options),
  'job.task': (sheaf, options) => sheaf.job(jobId).task(0, options),
  'job.results': (sheaf, options) => sheaf.job(jobId).results(options),
  'job.asCompleted': (sheaf, options) => sheaf.job(jobId).asCompleted(options).next(),
  'job.ended': (sheaf, options) => sheaf.job(jobId).ended(options),
  'job.decided': (sheaf, options) => sheaf.job(jobId).decided(options),
  'job.cancel': (sheaf, options) => sheaf.job(jobId).cancel(options),
  'job.pause': (sheaf, options) => sheaf.job(jobId).pause(options),
  'job.resume': (sheaf, options) => sheaf.job(jobId).resume(options),
  'job.retry': (sheaf, options) => sheaf.job(jobId).retry(options),
  'job.add': (sheaf, options) => sheaf.job(jobId).add([sleep(0)], options),
  'job.seal': (sheaf, options) => sheaf.job(jobId).seal(options),
  'queues.list': (sheaf, options) => sheaf.queues.list(options),
  'queues.get': (sheaf, options) => sheaf.queues.get('a', options),
  'queues.set': (sheaf, options) => sheaf.queues.set('a', {}, options),
  'queues.remove': (sheaf, options) => sheaf.queues.remove('a', options),
  'queues.watch': (sheaf, options) => sheaf.queues.watch('a', options).next(),
  'schedules.put': (sheaf, options) =>
    sheaf.schedules.put('a', { cron: '* * * * *', job: { tasks: [] } }, options),
  'schedules.get': (sheaf, options) => sheaf.schedules.get('a', options),
  'schedules.list': (sheaf, options) => sheaf.schedules.list(options),
  'schedules.remove': (sheaf, options) => sheaf.schedules.remove('a', options),
  'schedules.pause': (sheaf, options) => sheaf.schedules.pause('a', options),
  'schedules.resume': (sheaf, options) => sheaf.schedules.resume('a', options),
  'schedules.run': (sheaf, options) => sheaf.schedules.run('a', options),
  'schedules.jobs': (sheaf, options) => sheaf.schedules.jobs('a', options),
  'webhooks.list': (sheaf, options) => sheaf.webhooks.list(options),
  'webhooks.get': (sheaf, options) => sheaf.webhooks.get('a', options),
  'webhooks.deliveries': (sheaf, options) => sheaf.webhooks.deliveries('a', options),
  'webhooks.delivery': (sheaf, options) => sheaf.webhooks.delivery('a', 'b', options),
  'webhooks.ofJob': (sheaf, options) => sheaf.webhooks.ofJob(jobId, options),
  'webhooks.enable': (sheaf, options) => sheaf.webhooks.enable('a', options),
  'webhooks.disable': (sheaf, options) => sheaf.webhooks.disable('a', options),
  'webhooks.replay': (sheaf, options) => sheaf.webhooks.replay('a', options),
  'webhooks.replayOne': (sheaf, options) => sheaf.webhooks.replayOne('a', 'b', options),
}

const reason = new Error('changed my mind')

describe('a signal', () => {
  test('can be given to everything of the client that waits', () => {
    const { sheaf } = startClient()
    const methods = (of: object, prefix = '') =>
      Object.entries(of).flatMap(([name, value]) => (typeof value === 'function' ? [prefix + name] : []))
    const job = Object.getOwnPropertyNames(Object.getPrototypeOf(sheaf.job(jobId))).map(
      (name) => `job.${name}`,
    )
    const all = [
      ...methods(sheaf),
      ...methods(sheaf.queues, 'queues.'),
      ...methods(sheaf.schedules, 'schedules.'),
      ...methods(sheaf.webhooks, 'webhooks.'),
      ...job,
    ]
    // These only name things, or end everything.
    const others = ['api', 'job', 'close', 'job.constructor']
    expect(all.filter((name) => !others.includes(name) && !(name in waits))).toEqual([])
  })

  test.each(Object.entries(waits))(
    'that was aborted before keeps %s from asking anything',
    async (_, wait) => {
      const client = startClient()
      await expect(wait(client.sheaf, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
      await client.clock.advance(0)
      expect(client.requests).toEqual([])
      expect(client.net.sockets).toEqual([])
    },
  )

  test.each(Object.entries(waits))('ends %s at once, whatever the server does not say', async (_, wait) => {
    const client = startClient()
    const cut: AbortSignal[] = []
    client.answer((request) => {
      cut.push(request.signal)
      return new Promise((_, reject) =>
        request.signal.addEventListener('abort', () => reject(request.signal.reason)),
      )
    })
    const abort = new AbortController()
    const waiting = wait(client.sheaf, { signal: abort.signal }).catch((error) => error)
    await client.clock.advance(0)
    abort.abort(reason)
    expect(await waiting).toBe(reason)
    // Whether a job was accepted has to be known, to cancel it; nobody waits for anything else.
    const known = client.requests.filter((request) => request === 'POST /base/jobs').length
    expect(cut.filter(({ aborted }) => !aborted)).toHaveLength(known)
    client.expectNothingOpen()
  })

  test.each(Object.entries(waits))('ends %s also between two attempts', async (_, wait) => {
    const client = startClient()
    client.clock.random = () => 0.999
    const abort = new AbortController()
    const waiting = wait(client.sheaf, { signal: abort.signal }).catch((error) => error)
    await client.clock.advance(0)
    for (const socket of client.net.sockets) socket.drop()
    await client.clock.advance(0)
    abort.abort(reason)
    await waiting
    await client.clock.advance(0)
    client.expectNothingOpen()
  })
})
