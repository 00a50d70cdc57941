import { describe, expect, test } from 'vitest'
import { linearScale, logScale, spreadOut } from '../../src/report/chartScale.js'
import { type Box, layoutCycle, type Point } from '../../src/report/cycleLayout.js'

function isWithin(point: Point, box: Box, center: Point, margin: number): boolean {
  const { width, height } = box
  return (
    Math.abs(point.x - center.x) <= width / 2 + margin && Math.abs(point.y - center.y) <= height / 2 + margin
  )
}

describe('a cycle is laid out so that', () => {
  const sizes = [2, 3, 4, 5, 7, 12, 30]

  test.each(sizes)('no two of %i boxes touch', (count) => {
    const boxes = Array.from({ length: count }, (_, i) => ({
      width: 90 + 40 * (i % 5),
      height: 50 + 30 * (i % 3),
    }))
    const { centers } = layoutCycle(boxes)
    for (const [i, a] of centers.entries()) {
      for (const [j, b] of centers.entries()) {
        if (i === j) continue
        const sum = { width: boxes[i]!.width + boxes[j]!.width, height: boxes[i]!.height + boxes[j]!.height }
        expect(isWithin(a, sum, b, 0)).toBe(false)
      }
    }
  })

  test.each([1, ...sizes])(
    'each of %i edges leaves the border of its box and ends at that of the next',
    (count) => {
      const boxes = Array.from({ length: count }, () => ({ width: 160, height: 80 }))
      const { centers, curves } = layoutCycle(boxes)
      for (const [i, { from, to }] of curves.entries()) {
        const next = (i + 1) % count
        expect(isWithin(from, boxes[i]!, centers[i]!, 1)).toBe(true)
        expect(isWithin(from, boxes[i]!, centers[i]!, -8)).toBe(false)
        expect(isWithin(to, boxes[next]!, centers[next]!, 1)).toBe(true)
        expect(isWithin(to, boxes[next]!, centers[next]!, -8)).toBe(false)
      }
    },
  )
})

describe('a scale', () => {
  test.each([0, 0.003, 1, 4, 7, 99, 1_234_567])(
    'from 0 to %d ends at a round number at or above it',
    (most) => {
      const { ticks, at } = linearScale(most, 0, 100)
      expect(ticks[0]).toBe(0)
      expect(ticks.at(-1)).toBeGreaterThanOrEqual(most)
      expect(ticks.length).toBeLessThanOrEqual(6)
      expect(at(ticks.at(-1)!)).toBeCloseTo(100)
    },
  )

  test('of powers of ten holds all values, and none below its start', () => {
    const { ticks, at } = logScale([0, 0.7, 3200], 0, 100)
    expect(ticks).toEqual([0.1, 1, 10, 100, 1000, 10_000])
    expect([at(0.1), at(10_000), at(0)]).toEqual([0, 100, 0])
    expect(logScale([], 0, 100).ticks).toEqual([1, 10])
  })
})

test('names at the ends of lines are spread out, in their order and within their bounds', () => {
  expect(spreadOut([50, 51, 10], 12, 0, 100)).toEqual([50, 62, 10])
  expect(spreadOut([99, 98, 100], 12, 0, 100)).toEqual([88, 76, 100])
})
