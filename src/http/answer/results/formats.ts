import type { TaskEnd } from '../../../store/store.ts'
import { resultText } from '../task-text.ts'
import { csvHead, csvRow } from './csv.ts'

/** How results are written: what stands around and between them, and how each is; `withSeq` where they come in that order. */
export interface Format {
  contentType: string
  open(withSeq: boolean): string
  write(task: TaskEnd, withSeq: boolean): string
  between: string
  close: string
  /** What may stand between two results without a meaning: sent on a silent connection, so that it is not cut. */
  beat: string | undefined
}

/** By media type; the first is the one for who takes any. */
export const formats = {
  'application/json': {
    contentType: 'application/json',
    open: () => '{"data":[',
    write: resultText,
    between: ',',
    close: '],"next":null}',
    beat: ' ',
  },
  'application/x-ndjson': {
    contentType: 'application/x-ndjson',
    open: () => '',
    write: (task, withSeq) => `${resultText(task, withSeq)}\n`,
    between: '',
    close: '',
    // Before a line, where JSON allows it: who reads by lines meets no blank one.
    beat: ' ',
  },
  'text/csv': {
    contentType: 'text/csv; charset=utf-8; header=present',
    open: csvHead,
    write: csvRow,
    between: '',
    close: '',
    // There is nothing that is no part of a cell.
    beat: undefined,
  },
} as const satisfies Record<string, Format>

export type ResultType = keyof typeof formats
export const resultTypes = [
  'application/json',
  'application/x-ndjson',
  'text/csv',
] as const satisfies ResultType[]

/** What a link may ask for, which sends no `Accept` of its own. */
export const formatNames = {
  json: 'application/json',
  ndjson: 'application/x-ndjson',
  csv: 'text/csv',
} as const satisfies Record<string, ResultType>

/** Results as text, a piece as often as some are given. No piece is empty. */
export async function* textsOf(
  results: AsyncIterable<readonly TaskEnd[]>,
  { open, write, between, close }: Format,
  withSeq: boolean,
): AsyncGenerator<string> {
  const head = open(withSeq)
  if (head !== '') yield head
  let separator = ''
  for await (const tasks of results) {
    yield separator + tasks.map((task) => write(task, withSeq)).join(between)
    separator = between
  }
  if (close !== '') yield close
}
