import { describe, expect, test } from 'vitest'
import {
  LatestChooser,
  ScrambledChooser,
  scrambledItems,
  UniformChooser,
  ZipfianChooser,
} from '../../bench/generators/choosers.js'
import { Random } from '../../bench/generators/random.js'
import { Zipfian } from '../../bench/generators/zipfian.js'
import { chiSquare, chiSquareLimit, countDraws } from './chiSquare.js'

/** The sum of 1 / rank^theta up to a count, term by term for the first and by Euler and Maclaurin beyond. */
function zeta(count: number, theta: number): number {
  const exact = Math.min(count, 10_000)
  let sum = 0
  for (let rank = 1; rank <= exact; rank += 1) sum += rank ** -theta
  if (exact === count) return sum
  const integral =
    theta === 1 ? Math.log(count / exact) : (count ** (1 - theta) - exact ** (1 - theta)) / (1 - theta)
  return sum + integral + (count ** -theta - exact ** -theta) / 2
}

/** Ranks by powers of two, so that every class has enough draws: 0, 1, 2-3, 4-7, ... */
function classOf(rank: number): number {
  return Math.ceil(Math.log2(rank + 2)) - 1
}

describe('Zipfian', () => {
  test.each([
    [1_000_000, 0.8],
    [1_000_000, 0.95],
    [1_000_000, 0.99],
    [1_000_000, 0],
    [1_000_000, 1],
    [5000, 1.5],
    [scrambledItems, 0.99],
  ])('%i items with theta %f have the probabilities of theory', (count, theta) => {
    const zipfian = new Zipfian(new Random(11), count, theta)
    const classes = classOf(count - 1) + 1
    const draws = 400_000
    const total = zeta(count, theta)
    const expected = Array.from({ length: classes }, (_, index) => {
      const last = Math.min(count, 2 ** (index + 1) - 1)
      return (draws * (zeta(last, theta) - zeta(2 ** index - 1, theta))) / total
    })
    const counts = countDraws(draws, classes, () => classOf(zipfian.next()))
    const big = expected.flatMap((amount, index) => (amount >= 10 ? [index] : []))
    const statistic = chiSquare(
      big.map((index) => counts[index]!),
      big.map((index) => expected[index]!),
    )
    expect(statistic).toBeLessThan(chiSquareLimit(big.length))
  })

  test('single ranks have the probabilities of theory, in single cells and in ranges', () => {
    const [count, theta, draws] = [300, 0.9, 1_000_000]
    const zipfian = new Zipfian(new Random(12), count, theta)
    const total = zeta(count, theta)
    const counts = countDraws(draws, count, () => zipfian.next())
    const expected = counts.map((_, rank) => (draws * (rank + 1) ** -theta) / total)
    expect(chiSquare(counts, expected)).toBeLessThan(chiSquareLimit(count - 1))
  })

  test.each([1, 2, 3, 63, 64, 65, 127, 128, 1000])('%i items: every one comes up and no other', (count) => {
    const zipfian = new Zipfian(new Random(13), count, 0.5)
    const counts = countDraws(100 * count + 10_000, count, () => zipfian.next())
    expect(counts.length).toBe(count)
    expect(counts.every((drawn) => drawn > 0)).toBe(true)
  })
})

describe('choosers', () => {
  test('uniform: every record is as likely', () => {
    const chooser = new UniformChooser(new Random(14), 1000)
    const counts = countDraws(500_000, 1000, () => chooser.next())
    expect(chiSquare(counts, Array(1000).fill(500))).toBeLessThan(chiSquareLimit(999))
  })

  test('zipfian: record 0 is the hottest, with the share of theory', () => {
    const chooser = new ZipfianChooser(new Random(15), 1_000_000, 0.9)
    const draws = 400_000
    let hottest = 0
    for (let draw = 0; draw < draws; draw += 1) if (chooser.next() === 0) hottest += 1
    const expected = draws / zeta(1_000_000, 0.9)
    expect(Math.abs(hottest - expected)).toBeLessThan(4 * Math.sqrt(expected))
  })

  test("scrambled: YCSB's hottest item has its 1 / 26.47, and hot records are not neighbours", () => {
    const chooser = new ScrambledChooser(new Random(16), 100_000, 0.99)
    const draws = 400_000
    const counts = countDraws(draws, 100_000, () => chooser.next())
    const order = counts.map((_, record) => record).toSorted((a, b) => counts[b]! - counts[a]!)
    // Its record also has its part of all the items that hash to it.
    const expected = draws / 26.469_028_201_783 + draws / 100_000
    expect(Math.abs(counts[order[0]!]! - expected)).toBeLessThan(4 * Math.sqrt(expected))
    expect(order[0]).not.toBe(0)
    expect(Math.abs(order[0]! - order[1]!)).toBeGreaterThan(10)
  })

  test('latest: the newest record is the hottest, also while records are added', () => {
    let count = 1000
    const chooser = new LatestChooser(new Random(17), () => count, 0.99)
    for (const target of [1000, 1001, 1500, 40_000]) {
      count = target
      const draws = 20_000
      let newest = 0
      for (let draw = 0; draw < draws; draw += 1) {
        const record = chooser.next()
        expect(record).toBeGreaterThanOrEqual(0)
        expect(record).toBeLessThan(count)
        if (record === count - 1) newest += 1
      }
      const expected = draws / zeta(count, 0.99)
      expect(Math.abs(newest - expected)).toBeLessThan(4 * Math.sqrt(expected) + 0.01 * expected)
    }
  })
})
