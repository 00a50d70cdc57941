import { FloatColumn, IntColumn } from './column.js'
import type { Value } from './operation.js'
import { PairTable } from './pairTable.js'
import type { ValueTable } from './valueTable.js'

/** What a row of `MicroColumns` is. The meaning of its `values` entry stands beside each. */
export const micro = {
  /** The element appended. */
  append: 0,
  /** The element written. */
  write: 1,
  /** Nothing: nobody knows, or there was no value. */
  readNil: 2,
  /** The element read. */
  readOne: 3,
  /** The length of the prefix of the key's spine that was read. */
  readPrefix: 4,
  /** The number of a list of its own, one that is no prefix of the key's spine. */
  readList: 5,
} as const

/**
 * Micro-operations of transactions in columns. Keys are numbered from 0. So are *elements*, each a pair of a
 * key and a value, so whoever wrote a value of a key is found by index and not by hashing.
 *
 * Lists that were read are kept once: the *spine* of a key is the longest list read whose prefixes the
 * earlier ones are, and a read of a prefix is its length. That is nearly every read of a sound store, which
 * makes reading and checking linear in the number of reads and not in the length of the lists.
 */
export class MicroColumns {
  readonly kinds: IntColumn = new IntColumn()
  readonly keys: IntColumn = new IntColumn()
  readonly values: IntColumn = new IntColumn()

  /** Pairs (0, code of the key). */
  readonly keyTable: PairTable = new PairTable()
  /** Pairs (key, code of the value). */
  readonly elements: PairTable = new PairTable()

  readonly #table: ValueTable
  readonly #spineStarts = new IntColumn()
  readonly #spineLengths = new IntColumn()
  readonly #spineRooms = new IntColumn()
  readonly #spineCodes = new FloatColumn()
  readonly #spineElements = new IntColumn()
  readonly #listStarts = new IntColumn()
  readonly #listElements = new IntColumn()

  constructor(table: ValueTable) {
    this.#table = table
    this.#listStarts.push(0)
  }

  get length(): number {
    return this.kinds.length
  }

  addKey(code: number): number {
    const key = this.keyTable.add(0, code)
    if (key === this.#spineStarts.length) {
      this.#spineStarts.push(0)
      this.#spineLengths.push(0)
      this.#spineRooms.push(0)
    }
    return key
  }

  /** `kind` is `append`, `write` or `readOne`. */
  addElement(kind: number, key: number, code: number): void {
    this.#addRow(kind, key, this.elements.add(key, code))
  }

  addReadNil(key: number): void {
    this.#addRow(micro.readNil, key, -1)
  }

  /** A read of the first `count` codes of `codes`. */
  addReadList(key: number, codes: Float64Array, count: number): void {
    const start = this.#spineStarts.data[key]!
    const length = this.#spineLengths.data[key]!
    const shared = Math.min(length, count)
    for (let i = 0; i < shared; i += 1) {
      if (this.#spineCodes.data[start + i] !== codes[i]) {
        this.#addOwnList(key, codes, count)
        return
      }
    }
    if (count > length) this.#extendSpine(key, codes, count)
    this.#addRow(micro.readPrefix, key, count)
  }

  keyOf(key: number): Value {
    return this.#table.valueOf(this.keyTable.seconds.data[key]!)
  }

  valueOfElement(element: number): Value {
    return this.#table.valueOf(this.elements.seconds.data[element]!)
  }

  spineLength(key: number): number {
    return this.#spineLengths.data[key]!
  }

  /** Element at a place below `spineLength`. */
  spineElement(key: number, place: number): number {
    return this.#spineElements.data[this.#spineStarts.data[key]! + place]!
  }

  listLength(list: number): number {
    return this.#listStarts.data[list + 1]! - this.#listStarts.data[list]!
  }

  listElement(list: number, place: number): number {
    return this.#listElements.data[this.#listStarts.data[list]! + place]!
  }

  /** Elements that a row read: none for `readNil`, one for `readOne`. */
  elementsRead(row: number): number[] {
    const kind = this.kinds.data[row]!
    const key = this.keys.data[row]!
    const value = this.values.data[row]!
    if (kind === micro.readOne) return [value]
    if (kind === micro.readPrefix) return Array.from({ length: value }, (_, i) => this.spineElement(key, i))
    if (kind !== micro.readList) return []
    return Array.from({ length: this.listLength(value) }, (_, i) => this.listElement(value, i))
  }

  #addRow(kind: number, key: number, value: number): void {
    this.kinds.push(kind)
    this.keys.push(key)
    this.values.push(value)
  }

  #addOwnList(key: number, codes: Float64Array, count: number): void {
    for (let i = 0; i < count; i += 1) this.#listElements.push(this.elements.add(key, codes[i]!))
    this.#addRow(micro.readList, key, this.#listStarts.length - 1)
    this.#listStarts.push(this.#listElements.length)
  }

  #extendSpine(key: number, codes: Float64Array, count: number): void {
    if (count > this.#spineRooms.data[key]!) this.#moveSpine(key, count * 2)
    const start = this.#spineStarts.data[key]!
    for (let i = this.#spineLengths.data[key]!; i < count; i += 1) {
      this.#spineCodes.data[start + i] = codes[i]!
      this.#spineElements.data[start + i] = this.elements.add(key, codes[i]!)
    }
    this.#spineLengths.data[key] = count
  }

  /** To the end of the pool. What it leaves is lost, which is less than what it takes. */
  #moveSpine(key: number, room: number): void {
    const from = this.#spineStarts.data[key]!
    const to = this.#spineCodes.length
    const length = this.#spineLengths.data[key]!
    this.#spineCodes.reserve(to + room)
    this.#spineElements.reserve(to + room)
    this.#spineCodes.data.copyWithin(to, from, from + length)
    this.#spineElements.data.copyWithin(to, from, from + length)
    this.#spineCodes.length = to + room
    this.#spineElements.length = to + room
    this.#spineStarts.data[key] = to
    this.#spineRooms.data[key] = room
  }
}
