import { openSqlite } from '../../src/store/sqlite/open.ts'
import { temporaryFolder } from '../support/folder.ts'
import { describeService } from './contract.ts'

describeService('SQLite', async (kind) => {
  if (kind === 'memory') {
    const store = openSqlite({ file: ':memory:' })
    return { store, reopen: async () => store, [Symbol.asyncDispose]: () => store.close() }
  }
  const folder = temporaryFolder()
  const open = () => openSqlite({ file: folder.file('sheaf.db'), durability: 'normal' })
  const home = {
    store: open(),
    async reopen() {
      await home.store.close()
      return open()
    },
    async [Symbol.asyncDispose]() {
      await home.store.close()
      folder[Symbol.dispose]()
    },
  }
  return home
})
