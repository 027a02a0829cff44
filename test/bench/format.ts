import type { Spread } from './statistics.ts'

/** Numbers as a reader takes them in. */
export const whole = (value: number): string => Math.round(value).toLocaleString('en')
export const percent = (value: number): string => `${(100 * value).toFixed(2)} %`
/** In three digits, about. */
export const short = (value: number): string =>
  value < 100 ? String(Number(value.toPrecision(2))) : whole(value)
export const digits = (value: number): string => value.toFixed(2)
export const milliseconds = (value: number): string => `${value.toFixed(2)} ms`
export const range = ({ least, most }: Spread, write: (value: number) => string): string =>
  `${write(least)}–${write(most)}`
