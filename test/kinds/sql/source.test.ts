import { describe, expect, test } from 'bun:test'
import { resolve } from 'node:path'
import { flawOfSources, parseSources } from '../../../src/kinds/sql/source.ts'

describe('SHEAF_SOURCES', () => {
  test('names databases, read-only unless they say rw', () => {
    expect(
      parseSources(
        'main=sqlite:./app.db, stats:rw = postgres://u:p@db:5432/stats?sslmode=require,old=mysql://db/old,older=mariadb://db/older,other=postgresql://db/x',
      ),
    ).toEqual([
      { name: 'main', writable: false, dialect: 'sqlite', file: resolve('app.db') },
      {
        name: 'stats',
        writable: true,
        dialect: 'postgres',
        url: 'postgres://u:p@db:5432/stats?sslmode=require',
      },
      { name: 'old', writable: false, dialect: 'mysql', url: 'mysql://db/old' },
      { name: 'older', writable: false, dialect: 'mysql', url: 'mariadb://db/older' },
      { name: 'other', writable: false, dialect: 'postgres', url: 'postgresql://db/x' },
    ])
  })

  test.each([
    ['sqlite:app.db', resolve('app.db')],
    ['sqlite:./app.db', resolve('app.db')],
    ['sqlite://./app.db', resolve('app.db')],
    ['sqlite:///data/app.db', '/data/app.db'],
    ['sqlite:/data/app.db', '/data/app.db'],
    ['file:./app.db', resolve('app.db')],
    ['FILE:///data/a%20b#c.db', '/data/a%20b#c.db'],
  ])('takes %s for the file %s', (url, file) => {
    expect(parseSources(`main=${url}`)).toMatchObject([{ dialect: 'sqlite', file }])
  })

  const secret = 'postgres://u:source-secret@h/x'
  test.each([
    ['', 'no "=" (a comma within a URL is written %2C) in entry 1 of 1'],
    [`main=${secret},`, 'no "=" (a comma within a URL is written %2C) in entry 2 of 2'],
    [secret, 'no "=" (a comma within a URL is written %2C) in entry 1 of 1'],
    [`=${secret}`, 'a name that is not a letter and up to 63 letters, digits, "_", "-", "." in entry 1 of 1'],
    [
      `1=${secret}`,
      'a name that is not a letter and up to 63 letters, digits, "_", "-", "." in entry 1 of 1',
    ],
    [
      `a b=${secret}`,
      'a name that is not a letter and up to 63 letters, digits, "_", "-", "." in entry 1 of 1',
    ],
    [`main:ro=${secret}`, 'an option other than "rw" in entry 1 of 1'],
    [`main:rw:rw=${secret}`, 'an option other than "rw" in entry 1 of 1'],
    [`main=${secret},main:rw=${secret}`, 'a name that is taken in entry 2 of 2'],
    ['main=app.db', 'a URL that begins with none of sqlite:, file:, postgres://, mysql:// in entry 1 of 1'],
    [
      'main=oracle://h/x',
      'a URL that begins with none of sqlite:, file:, postgres://, mysql:// in entry 1 of 1',
    ],
    ['main=postgres://', 'a URL that is not valid, has no host or an unknown option in entry 1 of 1'],
    ['main=postgres:///x', 'a URL that is not valid, has no host or an unknown option in entry 1 of 1'],
    [
      'main=postgres://u:source-secret@h:x/y',
      'a URL that is not valid, has no host or an unknown option in entry 1 of 1',
    ],
    [
      `main=${secret}?sslmode=maybe`,
      'a URL that is not valid, has no host or an unknown option in entry 1 of 1',
    ],
    [`main=${secret}/%zz`, 'a URL that is not valid, has no host or an unknown option in entry 1 of 1'],
    ['main=sqlite:', 'an SQLite database without a file in entry 1 of 1'],
    ['main=sqlite::memory:', 'an SQLite database without a file in entry 1 of 1'],
    ['main=file:app.db?mode=rwc', 'an SQLite path with "?" (there are no options) in entry 1 of 1'],
  ])('refuses %j, and says why without what may be secret', (text, flaw) => {
    expect(parseSources(text)).toBeUndefined()
    expect(flawOfSources(text)).toBe(flaw)
    expect(flawOfSources(text)).not.toContain('source-secret')
  })
})
