import { mix32, type Random } from './random.js'
import { Zipfian } from './zipfian.js'

/** Chooses the number of the record that an operation is about. */
export interface Chooser {
  next(): number
}

/** Every record is as likely. */
export class UniformChooser implements Chooser {
  readonly #random: Random
  readonly #records: number = 0

  constructor(random: Random, records: number) {
    this.#random = random
    this.#records = records
  }

  next(): number {
    return this.#random.below(this.#records) | 0
  }
}

/** Record 0 is the hottest, record 1 the next: hot records are neighbours, as in vMVCC's evaluation. */
export class ZipfianChooser implements Chooser {
  readonly #zipfian: Zipfian

  constructor(random: Random, records: number, theta: number) {
    this.#zipfian = new Zipfian(random, records, theta)
  }

  next(): number {
    return this.#zipfian.next() | 0
  }
}

/** The item count that YCSB draws from before hashing, whatever the number of records. */
export const scrambledItems = 10_000_000_000

/**
 * YCSB's zipfian: popularity of ten billion items, spread over the records by a hash, so hot records are
 * anywhere.
 */
export class ScrambledChooser implements Chooser {
  readonly #zipfian: Zipfian
  readonly #records: number = 0

  constructor(random: Random, records: number, theta: number) {
    this.#zipfian = new Zipfian(random, scrambledItems, theta)
    this.#records = records
  }

  next(): number {
    const rank = this.#zipfian.next()
    // The offset is there because mix32 leaves 0 where it is, and rank 0 is the one to be moved above all.
    const folded = (rank + 1) ^ Math.imul(rank * 2 ** -32, 0x9e37_79b1)
    return Math.floor(mix32(folded) * 2 ** -32 * this.#records) | 0
  }
}

/** The newest record is the hottest; `count` tells how many records there are by now. */
export class LatestChooser implements Chooser {
  readonly #random: Random
  readonly #theta: number
  readonly #count: () => number
  #zipfian: Zipfian
  #covered: number

  constructor(random: Random, count: () => number, theta: number) {
    this.#random = random
    this.#theta = theta
    this.#count = count
    this.#covered = count()
    this.#zipfian = new Zipfian(random, this.#covered, theta)
  }

  next(): number {
    const count = this.#count()
    // A table that misses the oldest 3 % of records is right to a fraction of that, and rebuilding is rare.
    if (count > this.#covered * 1.03) {
      this.#covered = count
      this.#zipfian = new Zipfian(this.#random, count, this.#theta)
    }
    return (count - 1 - this.#zipfian.next()) | 0
  }
}
