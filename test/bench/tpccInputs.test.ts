import { describe, expect, test } from 'vitest'
import { Random } from '../../bench/generators/random.js'
import { lastNameOf, nurandConstants } from '../../bench/tpcc/inputRandom.js'
import { kinds, standardMix } from '../../bench/tpcc/kinds.js'
import { nurandMasks, populationOf } from '../../bench/tpcc/population.js'
import { homesOf, otherWarehouse } from '../../bench/tpcc/terminal.js'
import { Deck } from '../../bench/tpcc/work.js'
import { randomOf } from './tpccKit.js'

const full = populationOf(3, 1)

describe('the population', () => {
  test("is the specification's at full scale", () => {
    expect(full).toEqual({
      warehouses: 3,
      items: 100_000,
      customersPerDistrict: 3000,
      lastNames: 1000,
      deliveredPerDistrict: 2100,
    })
    expect(nurandMasks(full)).toEqual({ item: 8191, customer: 1023, lastName: 255 })
  })

  test('scaled down keeps the proportions, and has open orders and all lines at the least', () => {
    const tenth = populationOf(1, 0.1)
    expect(tenth).toMatchObject({ items: 10_000, customersPerDistrict: 300, lastNames: 300 })
    expect(tenth.deliveredPerDistrict).toBe(210)
    const { item, customer, lastName } = nurandMasks(tenth)
    expect([item, customer, lastName]).toEqual([1023, 127, 63])
    const least = populationOf(1, 0.001)
    expect(least.deliveredPerDistrict).toBeLessThan(least.customersPerDistrict)
    expect(least.items).toBeGreaterThanOrEqual(100)
  })
})

describe('input', () => {
  test('last names are made of three syllables', () => {
    expect([0, 371, 999, 40].map(lastNameOf)).toEqual([
      'BARBARBAR',
      'PRICALLYOUGHT',
      'EINGEINGEING',
      'BARPRESBAR',
    ])
    expect(new Set(Array.from({ length: 1000 }, (_, number) => lastNameOf(number))).size).toBe(1000)
  })

  test('the constants of load and run are apart as clause 2.1.6.1 demands, and equal for a seed', () => {
    for (let seed = 0; seed < 500; seed += 1) {
      const { lastNameLoad, lastNameRun, item, customer } = nurandConstants(seed)
      const delta = Math.abs(lastNameLoad - lastNameRun)
      expect(delta).toBeGreaterThanOrEqual(65)
      expect(delta).toBeLessThanOrEqual(119)
      expect([96, 112]).not.toContain(delta)
      expect(Math.min(lastNameRun, lastNameLoad, item, customer)).toBeGreaterThanOrEqual(0)
      expect(Math.max(lastNameRun, lastNameLoad)).toBeLessThanOrEqual(255)
    }
    expect(nurandConstants(8)).toEqual(nurandConstants(8))
  })

  test('chosen items and customers are within range, reach both ends, and are not uniform', () => {
    const random = randomOf(full, 2)
    const customers = new Uint32Array(3001)
    for (let draw = 0; draw < 300_000; draw += 1) customers[random.customer()]! += 1
    expect(customers[0]).toBe(0)
    // Or-ing two numbers sets bits: if they were uniform, none would be drawn twice as often as the median.
    const sorted = customers.toSorted()
    expect(sorted[3000]).toBeGreaterThan(4 * sorted[1500]!)
    expect(customers.filter((count) => count > 0).length).toBeGreaterThan(2500)
    const small = randomOf(populationOf(1, 0.002), 3)
    for (let draw = 0; draw < 10_000; draw += 1) {
      const item = small.item()
      expect(item).toBeGreaterThanOrEqual(1)
      expect(item).toBeLessThanOrEqual(200)
    }
  })

  test('texts have the lengths and characters asked for', () => {
    const random = randomOf(full, 4)
    const lengths = new Set(Array.from({ length: 500 }, () => random.text(3, 6).length))
    expect([...lengths].toSorted((a, b) => a - b)).toEqual([3, 4, 5, 6])
    expect(random.letters(24)).toMatch(/^[a-zA-Z]{24}$/)
    expect(random.digits(16)).toMatch(/^[0-9]{16}$/)
    expect(random.zip()).toMatch(/^[0-9]{4}11111$/)
  })
})

describe('terminals', () => {
  test('threads share out the warehouses, or share them', () => {
    expect([0, 1].map((thread) => homesOf(thread, 2, 5))).toEqual([
      [1, 3, 5],
      [2, 4],
    ])
    expect([0, 1, 2].map((thread) => homesOf(thread, 3, 2))).toEqual([[1], [2], [1]])
  })

  test('another warehouse is any but the own, all alike', () => {
    const random = randomOf(full, 5)
    const others = Array.from({ length: 1000 }, () =>
      otherWarehouse({ random, population: full } as Parameters<typeof otherWarehouse>[0], 2),
    )
    const ones = others.filter((other) => other === 1).length
    expect(new Set(others)).toEqual(new Set([1, 3]))
    expect(Math.abs(ones - 500)).toBeLessThan(100)
  })

  test('the deck has the mix in each hundred cards, in another order each time', () => {
    const random = new Random(3)
    const deck = new Deck(standardMix, (bound) => random.below(bound))
    const draws = (): number[] => Array.from({ length: 100 }, () => deck.draw())
    const [first, second] = [draws(), draws()]
    for (const cards of [first, second])
      expect([0, 1, 2, 3, 4].map((kind) => cards.filter((card) => card === kind).length)).toEqual([
        ...standardMix,
      ])
    expect(first).not.toEqual(second)
    expect(new Deck([0, 0, 0, 100, 0], (bound) => random.below(bound)).draw()).toBe(kinds.delivery)
  })
})
