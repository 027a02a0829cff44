import { expect, test } from 'bun:test'
import { readCommand, UsageError } from '../../src/cli/command.ts'

const backup = { type: 'backup', to: 'copy.db', database: undefined, replace: false }

test.each([
  ['', { type: 'serve' }],
  ['serve', { type: 'serve' }],
  ['help', { type: 'help' }],
  ['--help', { type: 'help' }],
  ['-h', { type: 'help' }],
  ['backup --help', { type: 'help' }],
  ['version', { type: 'version' }],
  ['--version', { type: 'version' }],
  ['-v', { type: 'version' }],
  ['backup copy.db', backup],
  ['backup --force copy.db', { ...backup, replace: true }],
  ['backup copy.db --database app.db', { ...backup, database: 'app.db' }],
  ['backup --database=app.db -- -copy.db', { ...backup, to: '-copy.db', database: 'app.db' }],
])('sheaf %s is understood', (line, command) => {
  expect(readCommand(line.split(' ').filter(Boolean))).toEqual(command as ReturnType<typeof readCommand>)
})

test.each([
  ['bakcup copy.db', 'There is no command "bakcup": did you mean "backup"?'],
  ['restore', 'There is no command "restore"; "sheaf --help" lists them.'],
  ['backup', 'Expected the name of a file to copy to: "sheaf backup FILE".'],
  ['backup a.db b.db', 'Expected one file after "sheaf backup", got "a.db" and "b.db".'],
  ['backup a.db --frob', `Unknown option '--frob'; "sheaf --help" lists what there is.`],
  [
    'backup a.db --database',
    `Option '--database <value>' argument missing; "sheaf --help" lists what there is.`,
  ],
  ['serve 3000', 'Expected nothing after "sheaf serve", got "3000".'],
  ['--force', 'Expected nothing after "sheaf serve", got "--force".'],
])('sheaf %s is not, and one line says why', (line, message) => {
  expect(() => readCommand(line.split(' '))).toThrow(new UsageError(message))
})
