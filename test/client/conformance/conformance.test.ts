import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import type { Sheaf } from '../../../src/client.ts'
import { startServer, type TestServer } from '../../support/server.ts'
import { createGate } from '../support/gate.ts'
import { connect, failOnLeaks, watched } from '../support/leaks.ts'
import { iterables } from './iterables.ts'
import { settlements } from './settlements.ts'
import { promises, tasksOf } from './worlds.ts'

failOnLeaks()

const gate = createGate()
const open = watched()
let server: TestServer
let sheaf: Sheaf

beforeAll(async () => {
  server = await startServer({ handlers: [gate.handler] })
  sheaf = connect(server.url, open.options)
})
afterAll(async () => {
  await sheaf.close()
  await open.expectNothingOpen()
  await server[Symbol.asyncDispose]()
})

/**
 * The cases of test262 for the four functions that can occur over a network. The others cannot: they are about the receiver
 * (`Promise.all.call(…)`, subclasses, `resolve` and `then` that were replaced, species), about thenables and values that are
 * no tasks, about the functions that the language makes inside, and about the order of jobs within one turn.
 */
describe.each([
  ['an iterable', iterables],
  ['a settlement', settlements],
] as const)('%s, as the conformance suite has it', (_, cases) => {
  for (const { files, says, of, run } of cases)
    for (const name of of)
      test(`${name}: ${says} (${files.join(', ')})`, async () => {
        const [theirs, ours] = await Promise.all([run(promises(), name), run(tasksOf(sheaf, gate), name)])
        expect(ours).toEqual(theirs)
      })
})
