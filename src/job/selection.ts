import { expected, Problem } from './errors.ts'

/** A label's name and its value. */
export type Label = readonly [name: string, value: string]

/** Which jobs: those of a name, those with a label, or those with both; the ones that do not exist yet included. */
export type Selection = { name: string; label?: Label | undefined } | { name?: undefined; label: Label }

interface Named {
  name: string | undefined
  labels: Readonly<Record<string, string>>
}

export const isSelected = ({ name, label }: Selection, job: Named): boolean =>
  (name === undefined || job.name === name) && (label === undefined || job.labels[label[0]] === label[1])

/** Reads a label as it is written in a request: `name:value`. Throws a Problem (`invalid`). */
export const readLabel = (text: string): Label => {
  const colon = text.indexOf(':')
  if (colon > 0) return [text.slice(0, colon), text.slice(colon + 1)]
  throw new Problem('invalid', expected('label', 'to be a name, a colon and a value', text))
}
