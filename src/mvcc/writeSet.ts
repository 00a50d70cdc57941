/** Above this many writes, tuples are found through a map. */
const linearLimit = 8
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
  readonly #entries = new Map<number, number>()

  /** The entry of the tuple, or `notWritten`. */
  indexOf(tuple: number): number {
    if (this.count > linearLimit) return this.#entries.get(tuple) ?? notWritten
    for (let i = 0; i < this.count; i++) if (this.tuples[i] === tuple) return i
    return notWritten
  }

  /** Sets the write of the tuple to the staged bytes from `start` to `end`. */
  set(tuple: number, start: number, end: number): void {
    let entry = this.indexOf(tuple)
    if (entry === notWritten) {
      entry = this.count++
      this.tuples[entry] = tuple
      if (this.count > linearLimit) this.#enter(entry)
    }
    this.starts[entry] = start
    this.ends[entry] = end
    if (end !== writeDeleted) this.stagedBytes = end
  }

  /** Makes the staging buffer at least twice as large. */
  growStaging(): void {
    const old = this.staging
    this.#setStaging(old.length * 2)
    old.copy(this.staging, 0, 0, this.stagedBytes)
  }

  /**
   * Orders the writes by tuple address: all transactions own tuples in one order. Small sets, the usual ones,
   * are sorted by insertion, in place.
   */
  sort(): void {
    if (this.count > 64) this.#sortLarge()
    const { tuples, starts, ends, count } = this
    for (let i = 1; i < count; i++) {
      const tuple = tuples[i]!
      if (tuples[i - 1]! <= tuple) continue
      const start = starts[i]!
      const end = ends[i]!
      let at = i
      for (; at > 0 && tuples[at - 1]! > tuple; at--) {
        tuples[at] = tuples[at - 1]!
        starts[at] = starts[at - 1]!
        ends[at] = ends[at - 1]!
      }
      tuples[at] = tuple
      starts[at] = start
      ends[at] = end
    }
  }

  clear(): void {
    if (this.count > linearLimit) this.#entries.clear()
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
    if (entry > linearLimit) {
      this.#entries.set(this.tuples[entry]!, entry)
      return
    }
    for (let i = 0; i <= entry; i++) this.#entries.set(this.tuples[i]!, i)
  }

  #sortLarge(): void {
    const order = Array.from({ length: this.count }, (_, i) => i).sort(
      (a, b) => this.tuples[a]! - this.tuples[b]!,
    )
    for (const column of [this.tuples, this.starts, this.ends]) {
      const sorted = order.map((i) => column[i]!)
      for (let i = 0; i < sorted.length; i++) column[i] = sorted[i]!
    }
    for (let i = 0; i < this.count; i++) this.#entries.set(this.tuples[i]!, i)
  }
}
