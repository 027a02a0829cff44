import { describe, expect, test } from 'bun:test'
import { Lookahead } from '../../src/engine/lookahead.ts'

describe('what is claimed ahead', () => {
  test('is as much as ended since the last commit, and not more than runs at once', () => {
    const lookahead = new Lookahead(100)
    lookahead.committed(1_000)
    expect(lookahead.after(7, 1_005)).toBe(7)
    expect(lookahead.after(700, 1_005)).toBe(100)
  })

  test('is nothing after a pause', () => {
    const lookahead = new Lookahead(100)
    lookahead.committed(1_000)
    expect(lookahead.after(7, 1_020)).toBe(7)
    expect(lookahead.after(7, 1_021)).toBe(0)
  })

  test('is not less because a commit took long', () => {
    const lookahead = new Lookahead(100)
    lookahead.committed(1_000)
    lookahead.after(7, 1_001)
    lookahead.committed(1_500)
    expect(lookahead.after(7, 1_510)).toBe(7)
  })
})
