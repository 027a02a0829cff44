/** An app that dies by its own hand at a point of a transaction: `bun outbox-process.ts <database> before|after` the commit. */
import { Database } from 'bun:sqlite'
import { greet, hostApp } from './rig.ts'

const [file = '', when] = process.argv.slice(2)
const { sheaf } = hostApp(file).decorator
await sheaf.submit([], { name: 'first' })
const db = new Database(file)
db.run('create table if not exists users (name text)')
const die = () => process.kill(process.pid, 'SIGKILL')
db.transaction(() => {
  db.run('insert into users values (?)', ['Ada'])
  sheaf.within(db).background(greet, { name: 'Ada' })
  if (when === 'before') die()
})()
die()
