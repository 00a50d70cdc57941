import { FloatColumn, IntColumn } from './column.js'

/**
 * Numbers pairs (whole number, number) from 0 in the order they first occur: a hash table with open
 * addressing over typed arrays, so a million pairs are not a million objects. Expected constant time.
 */
export class PairTable {
  readonly firsts: IntColumn = new IntColumn()
  readonly seconds: FloatColumn = new FloatColumn()
  /** Number + 1 of the pair in the slot; 0 is empty. At most half full. */
  #slots = new Int32Array(4096)

  get size(): number {
    return this.firsts.length
  }

  /** The number of the pair, which is new if it equals the former `size`. */
  add(first: number, second: number): number {
    const slot = this.#slotOf(first, second)
    const found = this.#slots[slot]!
    if (found !== 0) return found - 1
    this.firsts.push(first)
    this.seconds.push(second)
    this.#slots[slot] = this.size
    if (this.size * 2 > this.#slots.length) this.#fill(this.#slots.length * 2)
    return this.size - 1
  }

  /** The number of the pair, or -1. */
  find(first: number, second: number): number {
    return this.#slots[this.#slotOf(first, second)]! - 1
  }

  /** Forgets all pairs from a number on. */
  truncate(size: number): void {
    this.firsts.length = size
    this.seconds.length = size
    this.#fill(this.#slots.length)
  }

  #slotOf(first: number, second: number): number {
    const mask = this.#slots.length - 1
    let slot = hash(first, second) & mask
    for (;;) {
      const found = this.#slots[slot]!
      if (found === 0) return slot
      if (this.seconds.data[found - 1] === second && this.firsts.data[found - 1] === first) return slot
      slot = (slot + 1) & mask
    }
  }

  #fill(slots: number): void {
    this.#slots = new Int32Array(slots)
    for (let number = 0; number < this.size; number += 1) {
      const slot = this.#slotOf(this.firsts.data[number]!, this.seconds.data[number]!)
      this.#slots[slot] = number + 1
    }
  }
}

function hash(first: number, second: number): number {
  // Twice the second, because codes of values that are no whole numbers end in a half.
  let mixed = Math.imul(first, 0x9e3779b1) ^ Math.imul((second * 2) | 0, 0x85ebca6b)
  mixed ^= mixed >>> 15
  mixed = Math.imul(mixed, 0x2c1b3c6d)
  return mixed ^ (mixed >>> 13)
}
