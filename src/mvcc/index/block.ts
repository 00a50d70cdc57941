import type { SharedMemory } from '../../memory/sharedMemory.js'
import { keyLengthOfMeta, tupleKey, tupleKeyByte } from '../tuple.js'

/**
 * The contents of an index node: a block that never changes, but for entries that are added behind a
 * leaf's last.
 *
 *     word 0   count of entries; of a leaf, grows up to its capacity
 *     word 1   right sibling's node, 0 at the right end
 *     word 2   (links free blocks)
 *     word 3   level: 0 is a leaf; -1 a dead node, whose keys are its right sibling's
 *     word 4   length of `low` and of `high`, 16 bits each; a `high` of `noHigh` is above all keys
 *     word 5   length of the common prefix of the entries' keys, in an inner node, of all but the first:
 *              16 bits; above them the capacity, which is the count in an inner node, in 15; the highest bit
 *              is set in a leaf that was made for keys that come in order
 *     heads    capacity words: four key bytes after the prefix, as an integer that orders as they do
 *     targets  capacity words: tuples in a leaf, nodes above
 *     (inner)  count words: where each separator ends, counted in bytes from the start of the separators
 *     bytes    prefix, low, high, separators
 *
 * The node covers the keys from `low` to before `high`, a dead one none of them. An entry of an inner node
 * leads to the keys from its separator on; the first one's is the node's `low`, which no search looks at.
 *
 * Unused entries have `unusedHead` and no target, and an added one is written before the count that counts
 * it. A reader on a processor that reorders loads may see the new count and the entry as it was: to it the
 * entry is above all keys, and the tuple not there yet, as if it had come a moment earlier.
 */
export const blockCount = 0
export const blockRight = 1
export const blockLevel = 3
export const blockBounds = 4
export const blockPrefix = 5
export const blockHeads = 6
export const levelDead = -1
export const unusedHead = 0x7fff_ffff
const prefixMask = 0xffff
const capacityShift = 16
const capacityMask = 0x7fff
const sequenceBit = 0x8000_0000
export const noHigh = 0xffff

/** Entries of a node. More make scans cheaper and insertions dearer. */
export const entryLimit = 64

export interface KeyBytes {
  readonly bytes: Uint8Array
  readonly start: number
  readonly length: number
}

/** Reads blocks and tuples' keys. */
export class BlockReader {
  readonly i32: Int32Array
  readonly memory: SharedMemory

  constructor(memory: SharedMemory) {
    this.i32 = memory.i32
    this.memory = memory
  }

  /**
   * First entry whose key is not below the given one, among tuples of a leaf or separators; in an inner node
   * the first separator counts as below.
   */
  lowerBound(block: number, key: Uint8Array, start: number, length: number): number {
    return this.#search(block, key, start, length, 0)
  }

  /** The entry of an inner node that leads to the key or, with `before`, to the keys just below it. */
  childEntry(block: number, key: Uint8Array, start: number, length: number, before: boolean): number {
    return this.#search(block, key, start, length, before ? 0 : 1) - 1
  }

  /** First entry that is not below the key or, if `passed` is 1, that is above it. */
  #search(block: number, key: Uint8Array, start: number, length: number, passed: 0 | 1): number {
    const i32 = this.i32
    const words = block << 1
    const level = i32[words + blockLevel]!
    const prefixLength = i32[words + blockPrefix]! & prefixMask
    let low = level > 0 ? 1 : 0
    let high = i32[words + blockCount]!
    const beside = this.#comparePrefix(block, prefixLength, key, start, length)
    if (beside !== 0) return beside < 0 ? low : high
    const head = headOf(key, start + prefixLength, start + length)
    const heads = words + blockHeads
    while (low < high) {
      const middle = (low + high) >>> 1
      const found = i32[heads + middle]!
      if (found < head) low = middle + 1
      else if (found > head) high = middle
      else if (this.#compareRest(block, middle, prefixLength, key, start, length) < passed) low = middle + 1
      else high = middle
    }
    return low
  }

  /** As `compareEntry`, for a key that begins with the block's prefix. */
  #compareRest(
    block: number,
    entry: number,
    prefixLength: number,
    key: Uint8Array,
    start: number,
    length: number,
  ): number {
    const isLeaf = this.i32[(block << 1) + blockLevel] === 0
    const tuple = isLeaf ? this.targetOf(block, entry) : 0
    if (isLeaf && tuple === 0) return 1
    const window = this.memory.windowOf(isLeaf ? tuple : block)
    const from = isLeaf ? this.memory.offsetOf(tuple) + tupleKeyByte : this.#separatorOffset(block, entry)
    const entryLength = isLeaf ? this.tupleKeyLength(tuple) : this.#separatorLength(block, entry)
    const shared = entryLength < length ? entryLength : length
    for (let i = prefixLength; i < shared; i++) {
      const difference = window[from + i]! - key[start + i]!
      if (difference !== 0) return difference
    }
    return entryLength - length
  }

  /** Orders the key of an entry against the given key. */
  compareEntry(block: number, entry: number, key: Uint8Array, start: number, length: number): number {
    if (this.i32[(block << 1) + blockLevel] === 0)
      return this.compareTuple(this.targetOf(block, entry), key, start, length)
    const from = this.#separatorOffset(block, entry)
    const window = this.memory.windowOf(block)
    return compareBytes(window, from, this.#separatorLength(block, entry), key, start, length)
  }

  compareTuple(tuple: number, key: Uint8Array, start: number, length: number): number {
    const window = this.memory.windowOf(tuple)
    return compareBytes(
      window,
      this.memory.offsetOf(tuple) + tupleKeyByte,
      this.tupleKeyLength(tuple),
      key,
      start,
      length,
    )
  }

  tupleKeyLength(tuple: number): number {
    return keyLengthOfMeta(this.i32[(tuple << 1) + tupleKey]!)
  }

  targetOf(block: number, entry: number): number {
    return this.i32[this.targetsOf(block) + entry]!
  }

  /** The word of the first entry's target; those of the others follow. */
  targetsOf(block: number): number {
    const words = block << 1
    return words + blockHeads + ((this.i32[words + blockPrefix]! >>> capacityShift) & capacityMask)
  }

  /** How many entries a block has room for. */
  capacityOf(block: number): number {
    return (this.i32[(block << 1) + blockPrefix]! >>> capacityShift) & capacityMask
  }

  /** Whether a leaf was made with room for keys that come in order. */
  isOfSequence(block: number): boolean {
    return this.i32[(block << 1) + blockPrefix]! < 0
  }

  prefixLength(block: number): number {
    return this.i32[(block << 1) + blockPrefix]! & prefixMask
  }

  /** Whether the key is at or above the block's `high`; for the keys strictly before it, ask `isAbove`. */
  isBeyond(block: number, key: Uint8Array, start: number, length: number): boolean {
    const highLength = this.highLength(block)
    if (this.isDead(block)) return true
    if (highLength === noHigh) return false
    const window = this.memory.windowOf(block)
    return compareBytes(window, this.#highOffset(block), highLength, key, start, length) <= 0
  }

  /** Whether the key lies left of the block. */
  isBelow(block: number, key: Uint8Array, start: number, length: number): boolean {
    const lowStart = this.#bytesOffset(block) + this.prefixLength(block)
    return compareBytes(this.memory.windowOf(block), lowStart, this.lowLength(block), key, start, length) > 0
  }

  /** Whether keys just below the given one lie right of the block. */
  isAbove(block: number, key: Uint8Array, start: number, length: number): boolean {
    const highLength = this.highLength(block)
    if (this.isDead(block)) return true
    if (highLength === noHigh) return false
    const window = this.memory.windowOf(block)
    return compareBytes(window, this.#highOffset(block), highLength, key, start, length) < 0
  }

  isDead(block: number): boolean {
    return this.i32[(block << 1) + blockLevel] === levelDead
  }

  lowLength(block: number): number {
    return this.i32[(block << 1) + blockBounds]! & 0xffff
  }

  highLength(block: number): number {
    return this.i32[(block << 1) + blockBounds]! >>> 16
  }

  lowOf(block: number): KeyBytes {
    const start = this.#bytesOffset(block) + this.prefixLength(block)
    return { bytes: this.memory.windowOf(block), start, length: this.lowLength(block) }
  }

  /** The bound above, or undefined at the right end. */
  highOf(block: number): KeyBytes | undefined {
    const length = this.highLength(block)
    if (length === noHigh) return undefined
    return { bytes: this.memory.windowOf(block), start: this.#highOffset(block), length }
  }

  separatorOf(block: number, entry: number): KeyBytes {
    const length = this.#separatorLength(block, entry)
    return { bytes: this.memory.windowOf(block), start: this.#separatorOffset(block, entry), length }
  }

  keyOfTuple(tuple: number): KeyBytes {
    const start = this.memory.offsetOf(tuple) + tupleKeyByte
    return { bytes: this.memory.windowOf(tuple), start, length: this.tupleKeyLength(tuple) }
  }

  prefixStart(block: number): number {
    return this.#bytesOffset(block)
  }

  prefixOf(block: number): KeyBytes {
    return {
      bytes: this.memory.windowOf(block),
      start: this.#bytesOffset(block),
      length: this.prefixLength(block),
    }
  }

  #comparePrefix(
    block: number,
    prefixLength: number,
    key: Uint8Array,
    start: number,
    length: number,
  ): number {
    const window = this.memory.windowOf(block)
    const offset = this.#bytesOffset(block)
    const shared = length < prefixLength ? length : prefixLength
    for (let i = 0; i < shared; i++) {
      const difference = key[start + i]! - window[offset + i]!
      if (difference !== 0) return difference
    }
    return length < prefixLength ? -1 : 0
  }

  #bytesOffset(block: number): number {
    const words = block << 1
    const perEntry = this.i32[words + blockLevel]! > 0 ? 3 : 2
    return this.memory.offsetOf(block) + (blockHeads + perEntry * this.capacityOf(block)) * 4
  }

  #highOffset(block: number): number {
    return this.#bytesOffset(block) + this.prefixLength(block) + this.lowLength(block)
  }

  #separatorsOffset(block: number): number {
    const highLength = this.highLength(block)
    return this.#highOffset(block) + (highLength === noHigh ? 0 : highLength)
  }

  #separatorOffset(block: number, entry: number): number {
    return this.#separatorsOffset(block) + this.#separatorStart(block, entry)
  }

  #separatorLength(block: number, entry: number): number {
    return this.#separatorEnd(block, entry) - this.#separatorStart(block, entry)
  }

  #separatorStart(block: number, entry: number): number {
    return entry === 0 ? 0 : this.#separatorEnd(block, entry - 1)
  }

  #separatorEnd(block: number, entry: number): number {
    const words = block << 1
    return this.i32[words + blockHeads + 2 * this.i32[words + blockCount]! + entry]!
  }
}

/** The word of a block that has both. A leaf with room is one of keys that come in order. */
export function prefixAndCapacity(prefixLength: number, capacity: number, room: number): number {
  return prefixLength | (capacity << capacityShift) | (room > 0 ? sequenceBit : 0)
}

/** Four key bytes from `at`, zero where the key has ended, as a signed integer of the same order. */
export function headOf(bytes: Uint8Array, at: number, end: number): number {
  let head = 0
  for (let i = at; i < at + 4; i++) head = (head << 8) | (i < end ? bytes[i]! : 0)
  return head ^ 0x8000_0000
}

/** Bytes order, a prefix before what it begins. */
export function compareBytes(
  a: Uint8Array,
  aStart: number,
  aLength: number,
  b: Uint8Array,
  bStart: number,
  bLength: number,
): number {
  const shared = aLength < bLength ? aLength : bLength
  for (let i = 0; i < shared; i++) {
    const difference = a[aStart + i]! - b[bStart + i]!
    if (difference !== 0) return difference
  }
  return aLength - bLength
}

export function compareKeys(a: KeyBytes, b: KeyBytes): number {
  return compareBytes(a.bytes, a.start, a.length, b.bytes, b.start, b.length)
}
