/** Above this many writes, tuples are found through a hash table. */
const linearLimit = 8
const tableMin = 64
/** Tables above this length are given back after the transaction: they are cleared after each. */
const tableKept = 1024
/** Tuples are spread by the upper bits of a product (Fibonacci hashing). */
const hashFactor = 0x9e37_79b1
const hashShift = 8
/** Above this many writes they are sorted with gaps. */
const insertionLimit = 24
const gaps = [1, 4, 10, 23, 57, 132, 301, 701, 1750]
const stagingBytesMin = 4096
/** Staging buffers above this size are given back after the transaction. */
const stagingBytesKept = 1024 * 1024

export const notWritten = -1
export const writeDeleted = -1

/**
 * What a transaction is going to write: a tuple and a staged value each, private to the transaction until it
 * commits. A tuple occurs once; writing it again replaces its value.
 */
export class WriteSet {
  count = 0
  readonly tuples: number[] = []
  readonly starts: number[] = []
  /** Where the staged value ends; `writeDeleted` for a delete. */
  readonly ends: number[] = []
  staging: Buffer = Buffer.from(new ArrayBuffer(stagingBytesMin))
  /** The same bytes as words. */
  stagingWords: Int32Array = new Int32Array(this.staging.buffer)
  stagedBytes = 0
  /** A hash table of entries + 1, open, at most half full. It has them all above `linearLimit`. */
  #table = new Int32Array(tableMin)

  /** The entry of the tuple, or `notWritten`. */
  indexOf(tuple: number): number {
    if (this.count > linearLimit) return this.#table[this.#placeOf(tuple)]! - 1
    for (let i = 0; i < this.count; i++) if (this.tuples[i] === tuple) return i
    return notWritten
  }

  /** Sets the write of the tuple to the staged bytes from `start` to `end`. */
  set(tuple: number, start: number, end: number): void {
    const entry = this.indexOf(tuple)
    if (entry === notWritten) {
      this.add(tuple, start, end)
      return
    }
    this.starts[entry] = start
    this.ends[entry] = end
    if (end !== writeDeleted) this.stagedBytes = end
  }

  /** As `set`, of a tuple that is known not to be written yet. */
  add(tuple: number, start: number, end: number): void {
    const entry = this.count++
    this.tuples[entry] = tuple
    this.starts[entry] = start
    this.ends[entry] = end
    if (this.count > linearLimit) this.#enter(entry)
    if (end !== writeDeleted) this.stagedBytes = end
  }

  /** Makes the staging buffer at least twice as large. */
  growStaging(): void {
    const old = this.staging
    this.#setStaging(old.length * 2)
    old.copy(this.staging, 0, 0, this.stagedBytes)
  }

  /**
   * Orders the writes by tuple address: all transactions own tuples in one order. From then on nothing is
   * looked up or set. Small sets, the usual ones, are sorted by insertion, larger ones with longer steps
   * first (Shell, "A high-speed sorting procedure", CACM 1959; gaps by Ciura, 2001).
   */
  sort(): void {
    const { count } = this
    let gap = 1
    if (count > insertionLimit) {
      let g = 0
      while (g < gaps.length - 1 && gaps[g + 1]! < count) g++
      for (gap = gaps[g]!; gap * 2.25 < count; ) gap = Math.floor(gap * 2.25)
      for (; gap > gaps[g]!; gap = Math.floor(gap / 2.25)) this.#sortBy(gap)
      for (; g > 0; g--) this.#sortBy(gaps[g]!)
    }
    this.#sortBy(1)
  }

  #sortBy(gap: number): void {
    const { tuples, starts, ends, count } = this
    for (let i = gap; i < count; i++) {
      const tuple = tuples[i]!
      if (tuples[i - gap]! <= tuple) continue
      const start = starts[i]!
      const end = ends[i]!
      let at = i
      for (; at >= gap && tuples[at - gap]! > tuple; at -= gap) {
        tuples[at] = tuples[at - gap]!
        starts[at] = starts[at - gap]!
        ends[at] = ends[at - gap]!
      }
      tuples[at] = tuple
      starts[at] = start
      ends[at] = end
    }
  }

  clear(): void {
    if (this.#table.length > tableKept) this.#table = new Int32Array(tableMin)
    else if (this.count > linearLimit) this.#table.fill(0)
    if (this.count > 1024) this.tuples.length = this.starts.length = this.ends.length = 0
    this.count = 0
    this.stagedBytes = 0
    if (this.staging.length > stagingBytesKept) this.#setStaging(stagingBytesMin)
  }

  #setStaging(lengthBytes: number): void {
    this.staging = Buffer.from(new ArrayBuffer(lengthBytes))
    this.stagingWords = new Int32Array(this.staging.buffer)
  }

  #enter(entry: number): void {
    if (entry > linearLimit && 2 * entry < this.#table.length) {
      this.#table[this.#placeOf(this.tuples[entry]!)] = entry + 1
      return
    }
    if (2 * entry >= this.#table.length) this.#table = new Int32Array(2 * this.#table.length)
    for (let i = 0; i <= entry; i++) this.#table[this.#placeOf(this.tuples[i]!)] = i + 1
  }

  /** Where the table has the tuple, or would have it. */
  #placeOf(tuple: number): number {
    const table = this.#table
    const mask = table.length - 1
    let place = (Math.imul(tuple, hashFactor) >>> hashShift) & mask
    for (;;) {
      const found = table[place]!
      if (found === 0 || this.tuples[found - 1] === tuple) return place
      place = (place + 1) & mask
    }
  }
}
