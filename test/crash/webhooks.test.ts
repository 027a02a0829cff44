import { describe, expect, test } from 'bun:test'
import type { DeliveryView } from '../../src/job/webhook-wire.ts'
import type { JobSpec } from '../../src/kinds/spec.ts'
import { temporaryFolder } from '../support/folder.ts'
import { freePort, ServerProcess } from '../support/process.ts'
import { Receiver, secretOf, verified } from '../support/webhooks.ts'
import { submit } from './rest.ts'

const secret = secretOf('a')

/** The server of one test, in its lives one after the other. */
class Lives implements Disposable {
  readonly folder = temporaryFolder()
  readonly port = freePort()
  readonly url = `http://127.0.0.1:${this.port}`

  start(failpoint?: string): Promise<ServerProcess> {
    return new ServerProcess(this.folder.path, this.port, {
      SHEAF_WEBHOOK_SECRETS: secret,
      ...(failpoint !== undefined && { SHEAF_FAILPOINT: failpoint }),
    }).ready()
  }

  /** The one delivery that the job has, once it is recorded as made; a server is asked that is another process. */
  async delivered(job: string): Promise<DeliveryView> {
    for (let looks = 0; looks < 500; looks += 1) {
      const { data } = await (await fetch(`${this.url}/jobs/${job}/deliveries`)).json()
      expect(data.length).toBeLessThanOrEqual(1)
      if (data[0]?.state === 'succeeded') return data[0]
      await Bun.sleep(10)
    }
    throw new Error(`Expected the delivery of job ${job} to be made`)
  }

  [Symbol.dispose](): void {
    this.folder[Symbol.dispose]()
  }
}

const jobFor = (receiver: Receiver): JobSpec => ({
  mode: 'all',
  tasks: [{ kind: 'sleep', ms: 0 }],
  webhook: { url: receiver.url },
})

/** What came has to be one message, however often it did. */
const expectOne = (receiver: Receiver, { id, job }: DeliveryView) => {
  for (const message of receiver.received) {
    expect(verified(message, secret)).toMatchObject({ type: 'job.succeeded', data: { id: job } })
    expect(message.id).toBe(id)
    expect(message.body).toBe(receiver.received[0]?.body ?? '')
  }
}

describe('a server that dies', () => {
  test.each([
    ['when the last task has ended and nobody has written it', 'attempt-ended:1', 1],
    ['with the end of the job written, and not committed', 'settlements-written:3', 1],
    ['with the end of the job committed, and nobody told', 'before-events:3', 1],
    ['before the message is sent', 'attempt-starting:2', 1],
    ['when the message was taken and nobody has written it', 'attempt-ended:2', 2],
    ['when that is written, and not committed', 'settlements-written:4', 2],
  ])(
    '%s loses no message, and makes no second one',
    async (_, failpoint, times) => {
      using receiver = new Receiver()
      using lives = new Lives()
      {
        await using doomed = await lives.start(failpoint)
        // It may die before it answers.
        await submit(lives.url, 'once', jobFor(receiver)).catch(() => {})
        expect((await doomed.ended).signal).toBe('SIGKILL')
      }
      await using _server = await lives.start()
      const { id } = await submit(lives.url, 'once', jobFor(receiver))
      const delivery = await lives.delivered(id)
      expectOne(receiver, delivery)
      expect(receiver.received).toHaveLength(times)
    },
    20_000,
  )

  test('while the receiver has the message sends it again, with the same id', async () => {
    using receiver = new Receiver()
    using lives = new Lives()
    {
      await using doomed = await lives.start()
      receiver.answer = async () => {
        await doomed.kill('SIGKILL')
        return new Response(null, { status: 204 })
      }
      await submit(lives.url, 'once', jobFor(receiver)).catch(() => {})
      await doomed.ended
    }
    receiver.answer = () => new Response(null, { status: 204 })
    await using _server = await lives.start()
    const { id } = await submit(lives.url, 'once', jobFor(receiver))
    expectOne(receiver, await lives.delivered(id))
    expect(receiver.received).toHaveLength(2)
  }, 20_000)
})
