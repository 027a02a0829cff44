import type { Use } from '../../job/template/template.ts'
import type { TaskAddress, WholeTaskRecord } from '../../store/store.ts'
import type { Kind } from '../kind.ts'
import type { Kinds } from '../kinds.ts'
import type { TaskSpec } from '../spec.ts'
import { compileInput } from '../template.ts'
import { mayHaveSaved } from './artifacts.ts'
import type { Earlier } from './place.ts'

export type Lookup = (
  address: TaskAddress,
) => Promise<Pick<WholeTaskRecord, 'index' | 'kind' | 'input'> | undefined>

/**
 * Finds the tasks that were stored before and that these name, and no others: a job may have a million keys, and they are
 * nowhere in memory. What is not there is left out.
 */
export const namedBy = async (specs: readonly TaskSpec[], kinds: Kinds, lookup: Lookup): Promise<Earlier> => {
  const names = new Set<string | number>()
  const savers = new Set<string | number>()
  for (const spec of specs) if (spec.after && spec.after.length > 0) note(spec, kinds, names, savers)
  const own = new Set(names.size > 0 ? specs.map(({ key }) => key) : [])
  const indexes = new Map<string, number>()
  const saving = new Set<number>()
  for (const name of names) {
    // An index says by itself which task it is.
    if (own.has(String(name)) || (isIndex(name) && !savers.has(name))) continue
    const task = await lookup(isIndex(name) ? { index: Number(name) } : { key: String(name) })
    if (task === undefined) continue
    if (!isIndex(name)) indexes.set(String(name), task.index)
    if (savers.has(name) && mayHaveSaved({ kind: task.kind, ...JSON.parse(task.input) }))
      saving.add(task.index)
  }
  return { indexes, saving }
}

/** A task names others in `after`, and what it wants of them in placeholders and attachments. */
const note = (
  spec: TaskSpec,
  kinds: Kinds,
  names: Set<string | number>,
  savers: Set<string | number>,
): void => {
  const { kind: name, key, queue, retry, timeoutMs, after = [], delayMs, runAt, ...input } = spec
  const kind: Kind = kinds[name]
  for (const entry of after) names.add(typeof entry === 'object' ? entry.task : entry)
  for (const { part } of tasksIn(kind, input)) if (part.source === 'tasks') names.add(part.task)
  for (const { task } of kind.artifacts?.(input, '') ?? []) {
    names.add(task)
    savers.add(task)
  }
}

const tasksIn = (kind: Kind, input: Record<string, unknown>): readonly Use[] =>
  JSON.stringify(input).includes('{{tasks.') ? compileInput(kind, input, '').uses : []

/** A placeholder writes an index as text, which no key can be. */
const isIndex = (name: string | number): boolean => typeof name === 'number' || /^\d+$/.test(name)
