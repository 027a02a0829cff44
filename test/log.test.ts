import { describe, expect, test } from 'bun:test'
import { createLog, type LogOptions } from '../src/log.ts'

const written = (
  options: Partial<LogOptions>,
  act: (log: ReturnType<typeof createLog>) => void,
): string[] => {
  const lines: string[] = []
  act(
    createLog({
      level: 'info',
      format: 'json',
      clock: { now: () => 0 },
      write: (line) => lines.push(line),
      ...options,
    }),
  )
  return lines
}

describe('a log', () => {
  test('writes a line of JSON for each event, with the time of its clock', () => {
    const [line = ''] = written({}, (log) => log.warn('It rains', { mm: 3 }))
    expect(JSON.parse(line)).toEqual({
      at: '1970-01-01T00:00:00.000Z',
      level: 'warn',
      message: 'It rains',
      mm: 3,
    })
  })

  test('leaves out what is less important than its level', () => {
    const write = (log: ReturnType<typeof createLog>) => {
      log.debug('a')
      log.info('b')
      log.warn('c')
      log.error('d')
    }
    expect(written({ level: 'debug' }, write)).toHaveLength(4)
    expect(written({ level: 'warn' }, write)).toHaveLength(2)
    expect(written({ level: 'silent' }, write)).toHaveLength(0)
  })

  test('writes errors with their stack and their cause', () => {
    const error = new Error('outer', { cause: new TypeError('inner') })
    const [line = ''] = written({}, (log) => log.error('Failed', { error }))
    expect(JSON.parse(line).error).toMatchObject({
      message: 'outer',
      stack: expect.stringContaining('log.test.ts'),
      cause: { name: 'TypeError', message: 'inner' },
    })
  })

  test('keeps to one line, and never throws, whatever it is given', () => {
    const cycle: Record<string, unknown> = {}
    cycle.self = cycle
    for (const format of ['json', 'text'] as const) {
      const lines = written({ format }, (log) =>
        log.info('Odd', { cycle, big: 1n, text: 'a\nb', none: undefined }),
      )
      expect(lines).toHaveLength(1)
      expect(lines[0]).not.toContain('\n')
      expect(lines[0]).toContain('Odd')
      if (format === 'json')
        expect(JSON.parse(lines[0] ?? '')).toMatchObject({ big: '1', text: 'a\nb', none: null })
    }
  })

  test('reads well on a terminal', () => {
    const lines = written({ format: 'text' }, (log) => log.info('Listens', { url: 'http://localhost:3000' }))
    expect(lines).toEqual(['00:00:00.000 info  Listens url="http://localhost:3000"'])
  })
})
