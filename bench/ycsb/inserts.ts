/** What a thread with no insertion under way publishes: larger than any record's number. */
const idle = 2 ** 31 - 1

/**
 * Hands out the numbers of new records to all threads and tells how many records are surely there. A thread
 * publishes a lower bound of the number it is about to claim first, so whoever sees a later count sees the
 * bound too.
 */
export class InsertSequence {
  readonly buffer: SharedArrayBuffer
  readonly #numbers: Int32Array
  readonly #slot: number

  constructor(buffer: SharedArrayBuffer, thread: number) {
    this.buffer = buffer
    this.#numbers = new Int32Array(buffer)
    this.#slot = 1 + thread
  }

  static create(records: number, threads: number): InsertSequence {
    const buffer = new SharedArrayBuffer((1 + threads) * Int32Array.BYTES_PER_ELEMENT)
    const numbers = new Int32Array(buffer)
    numbers.fill(idle)
    numbers[0] = records
    return new InsertSequence(buffer, 0)
  }

  /** The number for a new record; `acknowledge` follows once it is committed. */
  claim(): number {
    Atomics.store(this.#numbers, this.#slot, Atomics.load(this.#numbers, 0))
    return Atomics.add(this.#numbers, 0, 1)
  }

  acknowledge(): void {
    Atomics.store(this.#numbers, this.#slot, idle)
  }

  /** All records below this number are committed. */
  acknowledged(): number {
    let count = Atomics.load(this.#numbers, 0)
    for (let slot = 1; slot < this.#numbers.length; slot += 1) {
      count = Math.min(count, Atomics.load(this.#numbers, slot))
    }
    return count
  }
}
