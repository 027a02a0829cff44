import { describe, expect, test } from 'bun:test'
import { quantile, spreadOf } from './statistics.ts'

describe('a quantile', () => {
  test('is the value that this share does not exceed', () => {
    const values = [5, 1, 4, 2, 3]
    expect([0, 0.2, 0.5, 0.99, 1].map((q) => quantile(values, q))).toEqual([1, 1, 3, 5, 5])
  })

  test('leaves the values as they were', () => {
    const values = [2, 1]
    quantile(values, 0.5)
    expect(values).toEqual([2, 1])
  })

  test('of nothing is no number', () => {
    expect(quantile([], 0.5)).toBeNaN()
  })
})

describe('a spread', () => {
  test('has the middle value', () => {
    expect(spreadOf([9, 1, 3])).toEqual({ median: 3, least: 1, most: 9 })
  })

  test('has the mean of the two in the middle', () => {
    expect(spreadOf([4, 1, 2, 9])).toEqual({ median: 3, least: 1, most: 9 })
  })
})
