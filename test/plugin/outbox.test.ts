import { Database } from 'bun:sqlite'
import { describe, expect, test } from 'bun:test'
import { join } from 'node:path'
import { drizzle } from 'drizzle-orm/bun-sqlite'
import { sqliteTable, text } from 'drizzle-orm/sqlite-core'
import { sleep } from '../../src/index.ts'
import { temporaryFolder } from '../support/folder.ts'
import { greet, hostApp, startHost } from './rig.ts'

const users = sqliteTable('users', { name: text().notNull() })

/** An app whose own table is in the file that Sheaf has. */
const startShared = async (options = {}) => {
  const host = startHost(options)
  await host.local.ready()
  const db = new Database(host.database)
  db.run('create table users (name text not null)')
  const names = () => db.query<{ name: string }, []>('select name from users').all()
  return {
    ...host,
    db,
    names,
    async [Symbol.asyncDispose]() {
      await host[Symbol.asyncDispose]()
      db.close(true)
    },
  }
}

describe('a job within a transaction of the app', () => {
  test('is there exactly if the transaction was committed', async () => {
    await using host = await startShared()
    const { db, local } = host
    const id = db.transaction(() => {
      db.run('insert into users values (?)', ['Ada'])
      return local.within(db).background(greet, { name: 'Ada' })
    })()
    expect(await settled(host, id)).toMatchObject([{ output: 'Hello, Ada!' }])

    let lost = ''
    const undone = db.transaction(() => {
      db.run('insert into users values (?)', ['Bob'])
      lost = local.within(db).background(greet, { name: 'Bob' })
      throw new Error('undo')
    })
    expect(undone).toThrow('undo')
    // Had it been committed, it would be taken in before this one.
    await settled(host, local.within(db).submit([sleep(0)]))
    await expect(local.job(lost).snapshot()).rejects.toMatchObject({ code: 'not_found' })
    expect(host.names()).toEqual([{ name: 'Ada' }])
  })

  test('may be one of drizzle', async () => {
    await using host = await startShared()
    const orm = drizzle(host.db)
    const id = orm.transaction((tx) => {
      tx.insert(users).values({ name: 'Ada' }).run()
      return host.local.within(tx).submit([sleep(0), sleep(0)], { name: 'pair' })
    })
    expect(await settled(host, id)).toHaveLength(2)
    expect(await host.local.job(id).snapshot()).toMatchObject({ name: 'pair' })
  })

  test('is looked for again when the transaction takes longer', async () => {
    await using host = await startShared()
    const { db, local } = host
    await local.submit([])
    db.run('begin deferred')
    const id = local.within(db).background(greet, { name: 'Ada' })
    await new Promise<void>((resolve) => setImmediate(() => setImmediate(resolve)))
    await expect(local.job(id).snapshot()).rejects.toMatchObject({ code: 'not_found' })
    db.run('commit')
    expect(await settled(host, id)).toMatchObject([{ output: 'Hello, Ada!' }])
  })

  test('what does not fit is thrown into the transaction, which is then undone', async () => {
    await using host = await startShared()
    const { db, local } = host
    const transaction = db.transaction(() => {
      db.run('insert into users values (?)', ['Ada'])
      local.within(db).submit([sleep(-1)])
    })
    expect(transaction).toThrow('Expected "tasks[0].ms" between 0 and 31536000000, got -1.')
    expect(host.names()).toEqual([])
  })

  test('needs a Sheaf that is open', async () => {
    await using host = startHost()
    using db = new Database(host.database)
    expect(() => host.local.within(db).submit([])).toThrow('Expected Sheaf to be open')
  })

  test('another database is no place for it', async () => {
    await using host = await startShared()
    using other = new Database(':memory:')
    expect(() => host.local.within(other).submit([])).toThrow(
      'Expected a transaction on the database that Sheaf has',
    )
  })

  test('waits in the outbox while too much waits already', async () => {
    await using host = await startShared({ maxQueued: 1 })
    const { db, local } = host
    const first = await local.submit([sleep(600_000, { delayMs: 600_000 })])
    const id = local.within(db).background(greet, { name: 'Ada' })
    await local.submit([])
    expect(db.query('select count(*) as jobs from sheaf_outbox').get()).toEqual({ jobs: 1 })
    await first.cancel()
    // It would be looked for in five seconds.
    await host.local.stop()
    expect(await settled(host, id)).toMatchObject([{ output: 'Hello, Ada!' }])
  })

  test.each(['before', 'after'] as const)(
    'lives or dies with an app that is killed %s the commit',
    async (when) => {
      using folder = temporaryFolder()
      const file = folder.file('app.db')
      const child = Bun.spawn([process.execPath, join(import.meta.dir, 'outbox-process.ts'), file, when], {
        stdio: ['ignore', 'ignore', 'inherit'],
      })
      await child.exited
      expect(child.signalCode).toBe('SIGKILL')

      const app = hostApp(file)
      const { sheaf } = app.decorator
      // What was in the outbox is taken in before this one.
      await sheaf.submit([], { name: 'last' })
      const page = await (await app.handle(new Request('http://localhost/gather/jobs'))).json()
      const committed = when === 'after'
      expect(page.data.map(({ name }: { name: string }) => name).toSorted()).toEqual(
        committed ? ['first', 'greet', 'last'] : ['first', 'last'],
      )
      using db = new Database(file)
      expect(db.query('select * from users').all()).toHaveLength(committed ? 1 : 0)
      expect(db.query('select * from sheaf_outbox').all()).toEqual([])
      await sheaf.stop()
    },
  )
})

/** The results of a job that may not have left the outbox yet. */
const settled = async ({ local }: Pick<ReturnType<typeof startHost>, 'local'>, id: string) => {
  for (;;) {
    try {
      return await local.job(id).results()
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'not_found')) throw error
      await new Promise<void>((resolve) => setImmediate(resolve))
    }
  }
}
