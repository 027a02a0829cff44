/** A process that brings a database to a schema that does not end, until it is killed. For upgrade.test.ts. */
import { Database } from 'bun:sqlite'
import { migrate, migrations } from '../../../src/store/sqlite/migrations.ts'
import { endless, next } from './versions/next.ts'

const [file = ''] = process.argv.slice(2)
migrate(new Database(file), { known: [...migrations, next, endless] })
