import type { Random } from './random.js'

/**
 * Ranks up to this have a cell of their own; above it a cell spans ranks whose probabilities differ by theta
 * / this.
 */
const cellsPerFold = 64

/**
 * The table has 2^11 columns: enough cells for ranks up to 10^15. The other bits of a draw choose within a
 * column.
 */
const columnBits = 11
const columns = 2 ** columnBits
const shareBits = 32 - columnBits
const fullShare = 2 ** shareBits

/**
 * Draws ranks 0 (the hottest) to count - 1 with probability proportional to 1 / (rank + 1)^theta.
 *
 * Gray's formula, which YCSB uses, approximates this and needs a Math.pow for each draw; a plain alias table
 * is exact but has 8 bytes for each of a million ranks, a cache miss for each draw. Here ranks are grouped in
 * cells: each hot rank alone, colder ones in ranges of nearly equal probability. An alias table chooses the
 * cell (as though each of its ranks were as likely as its first), the rank is uniform within it, and it is
 * kept with the ratio of its own probability to the first one's: about 99 % are, and nearly always without
 * computing that ratio, because the cell's least ratio is known. So the distribution is exact but for the
 * table's rounding, less than 2^-31 a cell; a table takes microseconds to build. `next` has no branch that a
 * processor would often guess wrong.
 */
export class Zipfian {
  readonly #random: Random
  readonly #theta: number = 0
  readonly #cells: Float64Array
  readonly #columns: Int32Array

  constructor(random: Random, count: number, theta: number) {
    this.#random = random
    this.#theta = theta
    const weights = new Float64Array(columns)
    const cells: number[] = []
    for (let first = 1; first <= count; ) {
      const width = Math.min(count + 1 - first, Math.max(1, Math.floor(first / cellsPerFold)))
      weights[cells.length / cellFields] = width * first ** -theta
      cells.push(first, width, (first / (first + width - 1)) ** theta)
      first += width
    }
    this.#cells = Float64Array.from(cells)
    this.#columns = aliasTable(weights)
  }

  next(): number {
    for (;;) {
      const draw = this.#random.uint32()
      const column = draw >>> shareBits
      const alias = this.#columns[2 * column + 1]!
      // All ones, that is the column's own cell, when the rest of the draw is below its share; else 0, its
      // alias.
      const own = ((draw & (fullShare - 1)) - this.#columns[2 * column]!) >> 31
      const cell = cellFields * (alias + ((column - alias) & own))
      const first = this.#cells[cell]!
      const rank = first + this.#random.below(this.#cells[cell + 1]!)
      const keep = this.#random.unit()
      if (keep < this.#cells[cell + 2]! || keep < (first / rank) ** this.#theta) return rank - 1
    }
  }
}

/**
 * A cell's first rank, counted from 1; how many ranks it has; the probability of its last over that of its
 * first.
 */
const cellFields = 3

/**
 * Vose's alias method: every column has the same probability and holds its own cell for a share of it (out of
 * `fullShare`), one other for the rest. The result has the share and the alias of each column.
 */
function aliasTable(weights: Float64Array): Int32Array {
  const total = weights.reduce((sum, weight) => sum + weight, 0)
  const remaining = weights.map((weight) => (weight / total) * columns)
  const table = new Int32Array(2 * columns).fill(fullShare)
  const poor: number[] = []
  const rich: number[] = []
  remaining.forEach((share, cell) => {
    if (share < 1) poor.push(cell)
    else rich.push(cell)
  })
  while (poor.length > 0 && rich.length > 0) {
    const taker = poor.pop()!
    const giver = rich.at(-1)!
    table[2 * taker] = Math.round(remaining[taker]! * fullShare)
    table[2 * taker + 1] = giver
    remaining[giver] = remaining[giver]! + remaining[taker]! - 1
    if (remaining[giver] < 1) poor.push(rich.pop()!)
  }
  return table
}
