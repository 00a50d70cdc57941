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
  /** The number of a list that is no prefix of the key's spine. Equal lists have equal numbers. */
  readList: 5,
} as const

/** `count` codes from a place of an array. */
export interface CodeList {
  codes: Float64Array
  from: number
  count: number
}

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
  /** Lists of their own as a tree: pairs (the list without its last element, or -1; the last element). */
  readonly #listNodes = new PairTable()

  constructor(table: ValueTable) {
    this.#table = table
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

  /** A read of a list. Only with `canGrow` may it become the spine of its key. */
  addReadList(key: number, list: CodeList, canGrow: boolean): void {
    const start = this.#spineStarts.data[key]!
    const length = this.#spineLengths.data[key]!
    const { codes, from, count } = list
    const shared = Math.min(length, count)
    const spine = this.#spineCodes.data
    let place = 0
    while (place < shared && spine[start + place] === codes[from + place]) place += 1
    if (place < shared || (count > length && !canGrow)) {
      this.#addOwnList(key, list)
      return
    }
    if (count > length) this.#extendSpine(key, list)
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

  /** The last element of a list, -1 of the empty one. */
  lastOfList(list: number): number {
    return list < 0 ? -1 : this.#listNodes.seconds.data[list]!
  }

  elementsOfList(list: number): number[] {
    const elements: number[] = []
    for (let node = list; node >= 0; node = this.#listNodes.firsts.data[node]!) {
      elements.push(this.#listNodes.seconds.data[node]!)
    }
    return elements.reverse()
  }

  /** Elements that a row read: none for `readNil`, one for `readOne`. */
  elementsRead(row: number): number[] {
    const kind = this.kinds.data[row]!
    const key = this.keys.data[row]!
    const value = this.values.data[row]!
    if (kind === micro.readOne) return [value]
    if (kind === micro.readPrefix) return Array.from({ length: value }, (_, i) => this.spineElement(key, i))
    return kind === micro.readList ? this.elementsOfList(value) : []
  }

  #addRow(kind: number, key: number, value: number): void {
    this.kinds.push(kind)
    this.keys.push(key)
    this.values.push(value)
  }

  #addOwnList(key: number, { codes, from, count }: CodeList): void {
    let node = -1
    for (let i = from; i < from + count; i += 1) {
      node = this.#listNodes.add(node, this.elements.add(key, codes[i]!))
    }
    this.#addRow(micro.readList, key, node)
  }

  #extendSpine(key: number, { codes, from, count }: CodeList): void {
    if (count > this.#spineRooms.data[key]!) this.#moveSpine(key, count * 2)
    const start = this.#spineStarts.data[key]!
    for (let i = this.#spineLengths.data[key]!; i < count; i += 1) {
      this.#spineCodes.data[start + i] = codes[from + i]!
      this.#spineElements.data[start + i] = this.elements.add(key, codes[from + i]!)
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
