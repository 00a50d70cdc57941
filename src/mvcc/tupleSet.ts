import type { Directory } from './directory.js'
import type { KeyBuffer } from './keyBuffer.js'

const slotsMin = 1024

/**
 * Finds the tuples of a store that is being loaded: a private hash table, with linear probing. Other than the
 * directory it forgets none. At most two thirds full; eight bytes a slot.
 */
export class TupleSet {
  readonly #directory: Directory
  /** Pairs of a hash and a tuple; no tuple has address 0. */
  #slots: Int32Array
  #mask: number
  #count = 0

  /** Begins with room for so many. */
  constructor(directory: Directory, count: number) {
    this.#directory = directory
    this.#mask = Math.max(slotsMin, 2 ** Math.ceil(Math.log2(count * 1.5))) - 1
    this.#slots = new Int32Array(2 * (this.#mask + 1))
  }

  /** The tuple of the key, or 0. */
  find(key: KeyBuffer): number {
    const { hash } = key
    for (let slot = hash & this.#mask; ; slot = (slot + 1) & this.#mask) {
      const tuple = this.#slots[2 * slot + 1]!
      if (tuple === 0) return 0
      if (this.#slots[2 * slot] === hash && this.#directory.hasKey(tuple, key)) return tuple
    }
  }

  /** Adds a tuple whose key is not there yet. */
  add(hash: number, tuple: number): void {
    if (++this.#count * 3 > 2 * (this.#mask + 1)) this.#grow()
    this.#enter(hash, tuple)
  }

  #enter(hash: number, tuple: number): void {
    const slots = this.#slots
    let slot = hash & this.#mask
    while (slots[2 * slot + 1] !== 0) slot = (slot + 1) & this.#mask
    slots[2 * slot] = hash
    slots[2 * slot + 1] = tuple
  }

  #grow(): void {
    const old = this.#slots
    this.#mask = 2 * this.#mask + 1
    this.#slots = new Int32Array(2 * (this.#mask + 1))
    for (let at = 0; at < old.length; at += 2) if (old[at + 1] !== 0) this.#enter(old[at]!, old[at + 1]!)
  }
}
