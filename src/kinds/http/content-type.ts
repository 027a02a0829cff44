type Charset = ConstructorParameters<typeof TextDecoder>[0]

/** What a response says that its body is. */
export interface ContentType {
  /** As it came; null where nothing is said. */
  text: string | null
  isJson: boolean
  /** UTF-8 unless another is named that can be decoded. */
  charset: Charset
  /** The header as a field of a JSON object; empty where nothing is said. */
  field: string
}

/** Of the response before: one that follows it mostly says the same. */
let latest: ContentType = { text: null, isJson: false, charset: 'utf-8', field: '' }

export const contentTypeOf = ({ headers }: Response): ContentType => {
  const text = headers.get('content-type')
  if (text !== latest.text) latest = read(text)
  return latest
}

const read = (text: string | null): ContentType => ({
  text,
  isJson: text !== null && json.test(text),
  charset: text === null ? 'utf-8' : charsetOf(text),
  field: text === null ? '' : `"content-type":${JSON.stringify(text)}`,
})

const json = /^\s*(application\/json|[^;\s]+\+json)\s*(;|$)/i

const charsetOf = (type: string): Charset => {
  const label = /;\s*charset\s*=\s*"?([^\s;"]+)/i.exec(type)?.[1]
  if (label === undefined || /^utf-?8$/i.test(label)) return 'utf-8'
  try {
    // Any text may come: the decoder throws at a label that it does not know.
    return new TextDecoder(label as Charset).encoding as Charset
  } catch {
    return 'utf-8'
  }
}
