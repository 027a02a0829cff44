import { afterAll, beforeAll, expect, test } from 'bun:test'
import fc from 'fast-check'
import { type AppRig, echoing, startApp } from '../rig.ts'
import { Channel } from '../socket.ts'

/** `SHEAF_MESSAGES_RUNS=100000` for longer. */
const numRuns = Number(process.env.SHEAF_MESSAGES_RUNS ?? 500)

let rig: AppRig
let channel: Channel
let job: string

beforeAll(async () => {
  rig = await startApp()
  channel = await Channel.open(rig.listen())
  job = (await rig.run([echoing()])).id
})
afterAll(async () => {
  channel[Symbol.dispose]()
  await rig[Symbol.asyncDispose]()
})

/** The one answer to a message that is refused; none if it was taken. */
const refusalOf = async (message: string) => {
  channel.send(message)
  const errors = (await channel.flush()).filter(({ type }) => type === 'error')
  expect(errors.length).toBeLessThanOrEqual(1)
  return errors[0]
}

const deep = (open: string, close: string, depth: number) => `${open.repeat(depth)}1${close.repeat(depth)}`

test.each<[what: string, message: () => string, code: string]>([
  ['arrays in arrays', () => deep('[', ']', 30_000), 'malformed'],
  ['objects in objects', () => deep('{"a":', '}', 10_000), 'invalid'],
  ['arrays in an id', () => `{"type":"ping","id":${deep('[', ']', 30_000)}}`, 'invalid'],
  ['objects in an id', () => `{"type":"ping","id":${deep('{"a":', '}', 10_000)}}`, 'invalid'],
  ['arrays in queues', () => `{"type":"subscribe","queues":${deep('[', ']', 30_000)}}`, 'invalid'],
  ['a type too much', () => `{"type":"ping","type":"publish"}`, 'invalid'],
  ['a prototype', () => `{"__proto__":{"type":"ping"}}`, 'invalid'],
  ['a prototype beside a type', () => `{"type":"ping","__proto__":{"id":1}}`, 'invalid'],
  ['a constructor', () => `{"type":"ping","constructor":{"prototype":{"id":1}}}`, 'invalid'],
  ['a number past all numbers', () => `{"type":"subscribe","job":"${job}","after":1e400}`, 'invalid'],
  [
    'a number past whole numbers',
    () => `{"type":"subscribe","job":"${job}","after":9007199254740993}`,
    'invalid',
  ],
  [
    'a number of 60,000 digits',
    () => `{"type":"subscribe","job":"${job}","after":${'9'.repeat(60_000)}}`,
    'invalid',
  ],
  ['a job of 60,000 letters', () => `{"type":"subscribe","job":"${'a'.repeat(60_000)}"}`, 'invalid'],
  ['a name of 60,000 letters', () => `{"type":"ping","${'a'.repeat(60_000)}":1}`, 'invalid'],
  ['ten thousand queues', () => `{"type":"subscribe","queues":[${Array(10_000).fill('"a"')}]}`, 'invalid'],
  [
    'a pattern that is nothing but stars',
    () => `{"type":"subscribe","queues":"${'*'.repeat(60_000)}"}`,
    'invalid',
  ],
  ['half a character', () => `{"type":"publish \\ud800"}`, 'invalid'],
])('%s: refused, in few words', async (_, message, code) => {
  const refusal = await refusalOf(message())
  expect(refusal).toMatchObject({ type: 'error', code })
  expect(JSON.stringify(refusal).length).toBeLessThan(1_000)
})

test('of two values of one name the last counts, as JSON.parse has it', async () => {
  expect(await refusalOf('{"type":"publish","type":"ping"}')).toBeUndefined()
})

const field = fc.oneof(
  fc.constantFrom('subscribe', 'unsubscribe', 'ping', 'pong', 'job', '*', 'http:*', '', '__proto__'),
  fc.jsonValue({ maxDepth: 3 }),
  fc.uuid(),
)
const message = fc.dictionary(
  fc.oneof(
    fc.constantFrom(
      'type',
      'job',
      'after',
      'queues',
      'id',
      'states',
      'keys',
      'output',
      '__proto__',
      'toString',
    ),
    fc.string({ maxLength: 10 }),
  ),
  field,
)

test('whatever comes in JSON is taken or refused with a code, and nothing fails', async () => {
  const known = fc.constantFrom('subscribe', 'unsubscribe', 'ping')
  const typed = fc.tuple(message, known).map(([fields, type]) => ({ ...fields, type }))
  await fc.assert(
    fc.asyncProperty(fc.oneof(typed, message, fc.jsonValue()), async (value) => {
      const refusal = await refusalOf(JSON.stringify(value))
      if (refusal?.type === 'error')
        expect(['malformed', 'invalid', 'not_found', 'conflict']).toContain(refusal.code)
    }),
    { numRuns },
  )
  expect(rig.logs).toEqual([])
  expect(Object.keys(Object.prototype)).toEqual([])
}, 600_000)
