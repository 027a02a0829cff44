import { expect, test } from 'bun:test'
import fc from 'fast-check'
import { startApp } from '../rig.ts'
import { Channel } from '../socket.ts'
import { closing, opcodes } from './frame.ts'
import { judge, longest, type Sent, wireOf } from './protocol.ts'
import { RawSocket } from './raw-socket.ts'

/** `SHEAF_FRAMES_RUNS=100000` for longer. */
const numRuns = Number(process.env.SHEAF_FRAMES_RUNS ?? 200)

const { continuation, text, close, ping, pong } = opcodes

const words = fc.oneof(
  fc.constant('{"type":"ping"}'),
  fc.json({ maxDepth: 2 }),
  fc.string({ unit: 'binary', maxLength: 200 }),
)
const bytes = fc.oneof(
  words.map((word) => Buffer.from(word)),
  fc.uint8Array({ maxLength: 130 }).map((array) => Buffer.from(array)),
)
const small = fc.uint8Array({ maxLength: 125 }).map((array) => Buffer.from(array))

/** What no client should send is rare, so that a sequence gets somewhere. */
const odd = fc.record(
  {
    fin: fc.boolean(),
    rsv: fc.integer({ min: 1, max: 7 }),
    masked: fc.constant(false),
    declared: fc.bigInt({ min: BigInt(longest + 1), max: 2n ** 64n - 1n }),
  },
  { requiredKeys: [] },
)
const plain = (opcode: number, payload: fc.Arbitrary<Buffer>): fc.Arbitrary<Sent[]> =>
  payload.map((body) => [{ opcode, payload: body }])

/** A text in pieces, with pings between them. It is one that is cut anywhere, within a character too. */
const pieces: fc.Arbitrary<Sent[]> = fc
  .tuple(
    words.map((word) => Buffer.from(word)),
    fc.array(fc.nat({ max: 200 }), { maxLength: 4 }),
    fc.option(small),
  )
  .map(([whole, cuts, between]) => {
    const at = [0, ...cuts.map((cut) => Math.min(cut, whole.length)).sort((a, b) => a - b), whole.length]
    return at.slice(1).flatMap((end, index): Sent[] => [
      {
        opcode: index === 0 ? text : continuation,
        payload: whole.subarray(at[index], end),
        fin: index === at.length - 2,
      },
      ...(between !== null && index < at.length - 2 ? [{ opcode: ping, payload: between }] : []),
    ])
  })

const step: fc.Arbitrary<Sent[]> = fc.oneof(
  {
    weight: 8,
    arbitrary: plain(
      text,
      words.map((word) => Buffer.from(word)),
    ),
  },
  { weight: 4, arbitrary: pieces },
  { weight: 3, arbitrary: plain(ping, small) },
  { weight: 2, arbitrary: plain(pong, small) },
  { weight: 1, arbitrary: plain(text, bytes) },
  {
    weight: 1,
    arbitrary: plain(
      close,
      fc
        .tuple(fc.integer({ min: 0, max: 5_100 }), small)
        .map(([code, reason]) => closing(code, reason.subarray(0, 120))),
    ),
  },
  {
    weight: 1,
    arbitrary: plain(
      close,
      fc.uint8Array({ maxLength: 1 }).map((array) => Buffer.from(array)),
    ),
  },
  {
    weight: 1,
    arbitrary: fc
      .tuple(fc.integer({ min: 0, max: 15 }), bytes, odd)
      // A length that is made up, of a frame that ends nothing: what follows would be its payload.
      .map(([opcode, payload, options]): Sent[] => [{ opcode, payload, ...options }]),
  },
)

const chunks = (wire: Buffer, sizes: readonly number[]): Buffer[] => {
  const cut: Buffer[] = []
  let from = 0
  for (const size of sizes) {
    cut.push(wire.subarray(from, from + size))
    from += size
  }
  return [...cut, wire.subarray(from)].filter((chunk) => chunk.length > 0)
}

test('whatever frames come, in whatever pieces, the server does what RFC 6455 says, and nobody else notices', async () => {
  await using rig = await startApp()
  const address = rig.listen()
  using witness = await Channel.open(address)
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { maxLength: 6 }).map((steps) => steps.flat()),
      fc.array(fc.integer({ min: 1, max: 40 }), { maxLength: 12 }),
      async (frames, sizes) => {
        using socket = await RawSocket.open(address)
        for (const chunk of chunks(wireOf(frames), sizes)) await socket.send(chunk)
        const { outcome, before } = await socket.outcome()
        // The last question stands in the midst of a message that has not ended, if there is one.
        const { pongs, answers, ends } = judge([...frames, { opcode: text, payload: Buffer.from('{}') }])
        const got = outcome === 'open' ? undefined : (outcome.code ?? 'none')
        expect(got).toBe(ends)
        expect(
          before.filter(({ opcode }) => opcode === pong).map(({ payload }) => payload.toString('hex')),
        ).toEqual(pongs)
        expect(before.filter(({ opcode }) => opcode === text)).toHaveLength(
          ends === undefined ? answers - 1 : answers,
        )
        expect(await witness.flush()).toEqual([])
      },
    ),
    { numRuns },
  )
}, 600_000)
