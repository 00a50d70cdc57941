import { describe, expect, test } from 'vitest'
import { chunkBytes } from '../../src/memory/layout.js'
import {
  blockBytesMax,
  blockBytesMin,
  sizeClassCount,
  sizeClassOf,
  sizeOfClass,
} from '../../src/memory/sizeClasses.js'

describe('size classes', () => {
  test('grow, in steps of 8 bytes at least, up to the largest block', () => {
    expect(sizeOfClass[0]).toBe(blockBytesMin)
    expect(sizeOfClass[sizeClassCount - 1]).toBe(blockBytesMax)
    for (let each = 0; each < sizeClassCount; each++) {
      expect(sizeOfClass[each]! % 8).toBe(0)
      if (each > 0) expect(sizeOfClass[each]).toBeGreaterThan(sizeOfClass[each - 1]!)
    }
  })

  test('hold every length in the smallest block that fits, with little waste', () => {
    const wrong: number[] = []
    for (let length = 1; length <= blockBytesMax; length++) {
      const each = sizeClassOf(length)
      const waste = sizeOfClass[each]! - length
      const isSmallest = each === 0 || sizeOfClass[each - 1]! < length
      if (waste < 0 || !isSmallest || waste >= Math.max(16, length / 8 + 1)) wrong.push(length)
    }
    expect(wrong).toEqual([])
  })

  test('leave a third of a chunk unused at most', () => {
    for (const size of sizeOfClass) expect(chunkBytes % size).toBeLessThan(chunkBytes / 3)
  })
})
