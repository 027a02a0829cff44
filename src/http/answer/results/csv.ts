import type { TaskEnd } from '../../../store/store.ts'

interface Column {
  name: string
  of(task: TaskEnd): string | number | undefined
}

/** Outputs and errors are JSON text: whole, and no cell of them can be taken for a formula. */
const plain: readonly Column[] = [
  { name: 'index', of: ({ index }) => index },
  { name: 'key', of: ({ key }) => key && harmless(key) },
  { name: 'state', of: ({ state }) => state },
  { name: 'attempt', of: ({ attempt }) => attempt },
  { name: 'output', of: ({ output }) => output },
  { name: 'error', of: ({ error }) => error },
]
const ordered: readonly Column[] = [...plain, { name: 'seq', of: ({ seq }) => seq }]
const columns = (withSeq: boolean) => (withSeq ? ordered : plain)

/** RFC 4180, with a header row. */
export const csvHead = (withSeq: boolean): string =>
  `${columns(withSeq)
    .map(({ name }) => name)
    .join(',')}\r\n`

export const csvRow = (task: TaskEnd, withSeq: boolean): string =>
  `${columns(withSeq)
    .map(({ of }) => cell(of(task)))
    .join(',')}\r\n`

const cell = (value: string | number | undefined): string => {
  const text = String(value ?? '')
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

/**
 * A spreadsheet would run a key that begins as a formula does (OWASP, CSV Injection): it gets an apostrophe before it. As does one
 * that begins with an apostrophe, so that a program can take off the first one, and has the key.
 */
const harmless = (key: string): string => (/^[=+\-@'\t\r]/.test(key) ? `'${key}` : key)
