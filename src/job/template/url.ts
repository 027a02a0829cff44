import { type Placeholder, shown } from './placeholder.ts'
import { TemplateError } from './scope.ts'

/** A part of a URL: as the template has it, or the value of a placeholder. */
export type UrlPart = string | { placeholder: Placeholder; value: string }

/** Everything of a URL that says where it leads, and the first character of what does not. */
const origin = /^https?:\/\/[^/?#\\\s]+[/?#\\]/i

/** Whether nothing that follows this beginning of a URL can change where it leads. */
export const hasOrigin = (beginning: string): boolean => origin.test(beginning)

/** The same for all who read it: no control character, of which parsers drop some; and a path, which no query can be taken for. */
const place = /^https?:\/\/[^/?#\\\s\p{Cc}]+\//iu

/** Whether this beginning of a URL says where it leads, so that nothing that follows changes what there is to say of that. */
export const saysWhere = (beginning: string): boolean => place.test(beginning)

/** Whether no plain value can become a segment of dots next to this text: it has nothing of the encoding of one, nor what a parser drops. */
export const isPlain = (text: string): boolean => !/[%\s\p{Cc}]/u.test(text)

/** A value as it stands in a URL if it needs no encoding, and makes no segment empty nor one of dots. Undefined of any other. */
export const plainOf = (value: unknown): string | undefined => {
  if (Number.isSafeInteger(value)) return String(value)
  return typeof value === 'string' && /^[\w~-]+$/.test(value) ? value : undefined
}

/**
 * A URL out of its parts. Values are percent-encoded, so that they can neither end the part of the URL in which they
 * stand nor begin another; but the one with which a URL begins is taken as it is, because it brings the host with it.
 * Throws a TemplateError where a value would make a whole segment empty, "." or "..": that leads to another path, and
 * no encoding helps, because `%2e%2e` means the same as `..` (WHATWG URL, "double-dot URL path segment").
 */
export const urlOf = (parts: readonly UrlPart[], field: string): string => {
  const segments = new Segments()
  let url = ''
  for (const [at, part] of parts.entries()) {
    const text = typeof part === 'string' ? part : at === 0 ? part.value : encode(part.value)
    url += text
    if (typeof part === 'string' || at === 0) segments.add(text)
    else segments.put(text, part.placeholder)
  }
  const climber = segments.climber()
  if (climber) throw new TemplateError(shown(climber), field, 'makes a path segment empty, "." or "..".')
  return url
}

/** A lone surrogate, which has no encoding, becomes U+FFFD, as it does in a query. */
const encode = (value: string): string => encodeURIComponent(value.toWellFormed())

interface Segment {
  text: string
  /** The last placeholder whose value is part of it. */
  by?: Placeholder
}

/** The segments of a URL, as its parser will see them; those of the host and the scheme are none, and do no harm. */
class Segments {
  readonly #segments: Segment[] = [{ text: '' }]
  #ended = false

  add(text: string): void {
    if (this.#ended) return
    // The parser drops these wherever they are.
    const [path = '', rest] = text.replace(/[\t\n\r]/g, '').split(/[?#]/, 2)
    this.#ended = rest !== undefined
    for (const [at, part] of path.split(/[/\\]/).entries()) {
      const last = this.#segments.at(-1)
      if (at === 0 && last) last.text += part
      else this.#segments.push({ text: part })
    }
  }

  put(text: string, by: Placeholder): void {
    const last = this.#segments.at(-1)
    if (this.#ended || !last) return
    last.text += text
    last.by = by
  }

  /** The placeholder whose value makes a segment lead elsewhere. */
  climber(): Placeholder | undefined {
    const last = this.#segments.at(-1)
    // The parser drops these, too, but only at the end.
    if (last && !this.#ended) last.text = last.text.replace(trailing, '')
    return this.#segments.find(({ text, by }) => by && /^(\.|%2e){0,2}$/i.test(text))?.by
  }
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: it is about them
const trailing = /[\x00-\x20]+$/
