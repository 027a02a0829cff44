const plain = /^[A-Za-z_$][\w$]{0,79}$/

/** The path of a field of what is at `path`: `retry.attempts`, or `headers['content-type']` where the name needs it. */
export const join = (path: string, name: string): string => {
  if (!plain.test(name)) return `${path}['${JSON.stringify(name.slice(0, 80)).slice(1, -1)}']`
  return path === '' ? name : `${path}.${name}`
}
