import { expect, test } from 'bun:test'
import { linuxKilobytes, posixKilobytes } from '../../../src/kinds/call/memory.ts'
import { defineHandler } from '../../../src/kinds/handler.ts'
import { IsolatedContext, isolated, Rig } from './rig.ts'

const module = new URL('./misbehave.ts', import.meta.url)
const { input } = isolated('process')

const bounded = (memoryMb: number) =>
  new Rig([defineHandler({ name: 'misbehave', input, process: module, memoryMb })])

test('a handler that dies of a segmentation fault fails its own task and nothing else', async () => {
  await using rig = new Rig([isolated('process')])
  expect(await rig.do('segfault')).toEqual({
    type: 'failed',
    error: { code: 'handler_crashed', message: 'The process of "misbehave" was ended by SIGSEGV.' },
    retryable: true,
  })
  expect(await rig.output('count')).toBe(1)
})

test('a handler that takes more than its memory is ended, and the next task has a new process', async () => {
  await using rig = bounded(128)
  expect(await rig.output('count')).toBe(1)
  expect(await rig.do('eat', 4_000)).toEqual({
    type: 'failed',
    error: {
      code: 'memory_exceeded',
      message: 'The process of "misbehave" took more than its memoryMb of 128.',
    },
    retryable: true,
  })
  expect(await rig.output('count')).toBe(1)
})

test('a process that keeps most of its memory after a task is not used for another', async () => {
  await using rig = bounded(256)
  expect(await rig.output('count')).toBe(1)
  expect(await rig.output('count')).toBe(2)
  expect(await rig.output('eat', 160)).toBe(20)
  expect(await rig.output('count')).toBe(1)
})

test('the memory of a process is the same to /proc and to ps', async () => {
  await using rig = new Rig([isolated('process')])
  const pid = Number(await rig.output('pid'))
  const kilobytes = await posixKilobytes(pid)
  expect(kilobytes).toBeGreaterThan(10_000)
  if (process.platform === 'linux') expect(linuxKilobytes(pid) / kilobytes).toBeCloseTo(1, 0)
})

test('the memory of a process that is gone is no number', async () => {
  await using rig = new Rig([isolated('process')])
  const pid = Number(await rig.output('pid'))
  await rig.kind.close()
  expect(await posixKilobytes(pid)).toBeNaN()
  expect(linuxKilobytes(pid)).toBeNaN()
})

test('a handler sees the environment of the server', async () => {
  await using rig = new Rig([isolated('process')])
  const context = new IsolatedContext()
  expect(await rig.do('environment', 'PATH', context)).toEqual({
    type: 'succeeded',
    output: JSON.stringify(process.env.PATH),
  })
})
