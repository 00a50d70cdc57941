/** Pearson's statistic of observed counts against expected ones. */
export function chiSquare(observed: readonly number[], expected: readonly number[]): number {
  return observed.reduce((sum, count, index) => sum + (count - expected[index]!) ** 2 / expected[index]!, 0)
}

/**
 * What the statistic exceeds once in about 30,000 (four standard deviations; Wilson and Hilferty's
 * approximation).
 */
export function chiSquareLimit(degrees: number): number {
  const spread = 2 / (9 * degrees)
  return degrees * (1 - spread + 4 * Math.sqrt(spread)) ** 3
}

/** Counts which of `cells` an integer belongs to, over so many draws. */
export function countDraws(draws: number, cells: number, draw: () => number): number[] {
  const counts = Array<number>(cells).fill(0)
  for (let index = 0; index < draws; index += 1) {
    const cell = draw()
    counts[cell] = counts[cell]! + 1
  }
  return counts
}
