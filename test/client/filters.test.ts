import { describe, expect, test } from 'bun:test'
import { call, type FollowOptions, type Job, sleep } from '../../src/client.ts'
import { type AppRig, startApp } from '../http/rig.ts'
import { startServer } from '../support/server.ts'
import { createGate } from './support/gate.ts'
import { connect, failOnLeaks, watched } from './support/leaks.ts'

failOnLeaks()

const tasksTold = async (job: Job, options: FollowOptions) => {
  const told: string[] = []
  let ended = false
  for await (const event of job.follow(options)) {
    if (event.type === 'tasks')
      for (const { index, state, output, outputBytes } of event.data)
        told.push(`${index} ${state} ${outputBytes ?? output}`)
    ended = event.type === 'job' && event.data.finishedAt !== null
  }
  return { told: told.filter((line) => !/running|queued/.test(line)), ended }
}

const filters: [options: FollowOptions, told: string[]][] = [
  [{ states: ['failed'] }, ['2 failed undefined']],
  [{ keys: ['b', 'none'], output: false }, ['1 succeeded 8']],
  [{ states: ['succeeded'], keys: ['a', 'c'] }, ['0 succeeded first']],
  [{ states: [] }, []],
]

describe('a filter', () => {
  test.each([
    ['over a WebSocket', (rig: AppRig) => `http://${rig.listen()}`],
    ['over Server-Sent Events', (rig: AppRig) => rig.app],
  ])(
    '%s holds while the job runs and when it is over, for one loop alone and beside others',
    async (_, to) => {
      await using rig = await startApp()
      const sheaf = connect(to(rig))
      const job = await sheaf.submit(['a', 'b', 'c'].map((key) => sleep(1, { key, retry: { attempts: 1 } })))
      const running = filters.map(([options]) => tasksTold(job, options))
      const [a, b, c] = await rig.runs.started(3)
      a?.succeed('first')
      b?.succeed('second')
      c?.fail()
      const over = await Promise.all(running)
      for (const [index, [options, told]] of filters.entries()) {
        expect(over[index]).toEqual({ told, ended: true })
        expect(await tasksTold(job, options)).toEqual({ told, ended: true })
      }
    },
  )
})

describe('a wait', () => {
  test('for the end of a job is told nothing of its tasks', async () => {
    const gate = createGate()
    const open = watched()
    await using server = await startServer({ handlers: [gate.handler] })
    const heard: string[] = []
    class Listening extends open.options.WebSocket {
      constructor(url: string, options?: never) {
        super(url, options)
        this.addEventListener('message', ({ data }) => heard.push(JSON.parse(String(data)).type))
      }
    }
    const sheaf = connect(server.url, { ...open.options, WebSocket: Listening })
    const job = await sheaf.submit(Array.from({ length: 50 }, (_, index) => call('gate', `${index}`)))
    const ended = job.ended()
    for (let index = 0; index < 50; index += 1) gate.succeed(`${index}`)
    expect((await ended).counts.succeeded).toBe(50)
    expect(new Set(heard)).toEqual(new Set(['job']))
  })
})
