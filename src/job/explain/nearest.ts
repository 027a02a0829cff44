/** Longer names are no slip of the finger, and comparing them would cost more than it tells. */
const longest = 40

/** The name that was most likely meant: the closest one, if at most a third of its letters (of a short one, half) differ. */
export const nearest = (name: string, names: readonly string[]): string | undefined => {
  if (name.length > longest) return undefined
  let best: { name: string; distance: number } | undefined
  for (const candidate of names) {
    if (candidate.length > longest) continue
    const distance = editDistance(name.toLowerCase(), candidate.toLowerCase())
    if (distance > Math.max(1, Math.floor(candidate.length / 3)) || distance * 2 > candidate.length) continue
    if (!best || distance < best.distance) best = { name: candidate, distance }
  }
  return best?.name
}

/** How many letters to insert, delete or replace to get from one word to the other (Levenshtein, 1965). */
const editDistance = (from: string, to: string): number => {
  let row = Array.from({ length: to.length + 1 }, (_, column) => column)
  for (const [line, letter] of [...from].entries()) {
    const next = [line + 1]
    for (const [column, other] of [...to].entries()) {
      const replaced = at(row, column) + (letter === other ? 0 : 1)
      next.push(Math.min(replaced, at(row, column + 1) + 1, at(next, column) + 1))
    }
    row = next
  }
  return at(row, row.length - 1)
}

const at = (row: readonly number[], column: number): number => row[column] ?? 0
