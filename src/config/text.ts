/** How the text of a setting becomes a value; undefined when it is not allowed. */
type Parse<T> = (text: string) => T | undefined

/** A whole number in decimal digits, within bounds. */
export const wholeNumber =
  (least: number, most: number): Parse<number> =>
  (text) => {
    const value = Number(text)
    return /^\d+$/.test(text) && value >= least && value <= most ? value : undefined
  }

export const oneOf =
  <T extends string>(values: readonly T[]): Parse<T> =>
  (text) =>
    values.find((value) => value === text)

/** As a message says it. */
export const list = (values: readonly string[]): string => `one of ${values.join(', ')}`

/** What has no end is not set. */
export const finite = (value: number | undefined): number | undefined =>
  value === Number.POSITIVE_INFINITY ? undefined : value
