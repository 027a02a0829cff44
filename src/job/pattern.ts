/** Whether a name is a pattern: a `*` in it stands for any run of characters, also for none. */
export const isPattern = (name: string): boolean => name.includes('*')

/** Whether a pattern, in which `*` stands for any run of characters, is the whole of a name; upper and lower case differ. */
export const matches = (pattern: string, name: string): boolean => {
  const [first = '', ...pieces] = pattern.split('*')
  const last = pieces.pop()
  if (last === undefined) return pattern === name
  const end = name.length - last.length
  if (end < first.length || !name.startsWith(first) || !name.endsWith(last)) return false
  // The first place where a piece fits is as good as any: what follows it has the most room then. So nothing is tried twice.
  let from = first.length
  for (const piece of pieces) {
    const at = name.indexOf(piece, from)
    if (at < 0 || at + piece.length > end) return false
    from = at + piece.length
  }
  return true
}
