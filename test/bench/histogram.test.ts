import { createHistogram } from 'node:perf_hooks'
import { describe, expect, test } from 'vitest'
import { Histogram } from '../../bench/driver/histogram.js'
import { Random } from '../../bench/generators/random.js'

describe('Histogram', () => {
  test('is exact below 256 and within 0.4 % above, up to 2^47', () => {
    for (let value = 0; value < 256; value += 1) expect(onlyValueOf(value)).toBe(value)
    const random = new Random(21)
    for (let draw = 0; draw < 5000; draw += 1) {
      const value = Math.floor(2 ** (random.unit() * 47))
      expect(Math.abs(onlyValueOf(value) - value)).toBeLessThanOrEqual(value / 255)
    }
    for (const value of [2 ** 31 - 1, 2 ** 31, 2 ** 32, 2 ** 47 - 1]) {
      expect(Math.abs(onlyValueOf(value) - value)).toBeLessThanOrEqual(value / 255)
    }
  })

  test('keeps what is out of range at the ends', () => {
    expect(onlyValueOf(-5)).toBe(0)
    expect(onlyValueOf(1e30)).toBeGreaterThan(2 ** 46)
  })

  test.each(['uniform', 'exponential', 'lognormal'])("agrees with Node's histogram on %s values", (shape) => {
    const random = new Random(22)
    const histogram = new Histogram(new SharedArrayBuffer(Histogram.byteLength))
    const oracle = createHistogram({ figures: 4 })
    for (let draw = 0; draw < 50_000; draw += 1) {
      const value = 1 + Math.floor(sample(shape, random))
      histogram.record(value)
      oracle.record(value)
    }
    expect(histogram.total).toBe(50_000)
    for (const percent of [1, 25, 50, 75, 90, 95, 99, 99.9, 100]) {
      const expected = oracle.percentile(percent)
      expect(Math.abs(histogram.quantile(percent / 100) - expected) / expected).toBeLessThan(0.01)
    }
  })

  test('regions of one buffer add up to what a single histogram has', () => {
    const buffer = new SharedArrayBuffer(3 * Histogram.byteLength)
    const parts = [0, 1, 2].map((part) => new Histogram(buffer, part * Histogram.byteLength))
    const whole = new Histogram()
    const random = new Random(23)
    for (let draw = 0; draw < 3000; draw += 1) {
      const value = random.below(1_000_000)
      whole.record(value)
      parts[draw % 3]!.record(value)
    }
    const sum = new Histogram()
    for (const part of parts) sum.add(part)
    expect(sum.total).toBe(3000)
    for (const share of [0.1, 0.5, 0.99, 1]) expect(sum.quantile(share)).toBe(whole.quantile(share))
  })

  test('an empty one has quantile 0', () => {
    expect(new Histogram().quantile(0.5)).toBe(0)
  })
})

function onlyValueOf(value: number): number {
  const histogram = new Histogram()
  histogram.record(value)
  return histogram.quantile(0.5)
}

function sample(shape: string, random: Random): number {
  if (shape === 'uniform') return random.below(10_000_000)
  if (shape === 'exponential') return -Math.log(1 - random.unit()) * 50_000
  const normal = Math.sqrt(-2 * Math.log(1 - random.unit())) * Math.cos(2 * Math.PI * random.unit())
  return Math.exp(7 + 2 * normal)
}
