import { describe, expect, test } from 'vitest'
import { mix32, Random, unmix32 } from '../../bench/generators/random.js'
import { chiSquare, chiSquareLimit, countDraws } from './chiSquare.js'

describe('Random', () => {
  test('the same seed and stream give the same numbers', () => {
    const first = new Random(42, 1)
    const second = new Random(42, 1)
    for (let draw = 0; draw < 100; draw += 1) expect(first.uint32()).toBe(second.uint32())
  })

  test('neighbouring seeds, streams and large seeds differ from the first number on', () => {
    const seeds: [number, number][] = [
      [1, 0],
      [1, 1],
      [2, 0],
      [2 ** 32 + 1, 0],
      [2 ** 33 + 1, 0],
    ]
    const firsts = seeds.map(([seed, stream]) => new Random(seed, stream).uint32())
    expect(new Set(firsts).size).toBe(seeds.length)
  })

  test.each([2, 10, 64, 100, 1000])('below(%i) is uniform', (bound) => {
    const random = new Random(bound)
    const draws = 200_000
    const counts = countDraws(draws, bound, () => random.below(bound))
    expect(chiSquare(counts, Array(bound).fill(draws / bound))).toBeLessThan(chiSquareLimit(bound - 1))
  })

  test('every bit is set half of the time', () => {
    const random = new Random(9)
    const ones = Array<number>(32).fill(0)
    for (let draw = 0; draw < 20_000; draw += 1) {
      const bits = random.uint32()
      for (let bit = 0; bit < 32; bit += 1) ones[bit] = ones[bit]! + ((bits >>> bit) & 1)
    }
    for (const count of ones) expect(Math.abs(count - 10_000)).toBeLessThan(4 * Math.sqrt(5000))
  })

  test('below stays below, also for the largest bound', () => {
    const random = new Random(3)
    for (let draw = 0; draw < 10_000; draw += 1) expect(random.below(2 ** 32)).toBeLessThan(2 ** 32)
  })
})

test('unmix32 undoes mix32', () => {
  const random = new Random(5)
  for (const edge of [0, 1, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1]) expect(unmix32(mix32(edge))).toBe(edge)
  for (let draw = 0; draw < 10_000; draw += 1) {
    const value = random.uint32()
    expect(unmix32(mix32(value))).toBe(value)
  }
})
