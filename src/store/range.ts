import { type Bounds, Cursor } from '../mvcc/cursor.js'
import type { Engine } from '../mvcc/engine.js'
import type { KeyBytes } from '../mvcc/index/block.js'
import { keyLengthLimit } from '../mvcc/keyBuffer.js'
import type { MvccTransaction } from '../mvcc/transaction.js'
import type { ValueCodec } from './codec.js'
import { decodeKey, encodeKey, type Key } from './keys.js'
import { checkRange, type Range } from './options.js'
import type { Source, TableRef } from './table.js'

/** Lends the open transaction to an iterator; throws when it has ended. */
export interface TransactionLender {
  /** @internal */
  lend(table: TableRef): MvccTransaction
  /** @internal Notes an error that ends the transaction, and gives it back to be thrown. */
  failed(error: unknown): unknown
  /** @internal */
  readonly engine: Engine
}

/**
 * The entries, keys or values of a range. Nothing is read until it is iterated, and each iteration reads
 * anew. What the transaction writes while it iterates may or may not be seen.
 */
export abstract class RangeIterable<T> implements Iterable<T> {
  readonly #lender: TransactionLender
  readonly #table: TableRef
  readonly #range: Range<Key>

  /** @internal */
  constructor(lender: TransactionLender, table: TableRef, range: Range<Key>) {
    checkRange(range)
    this.#lender = lender
    this.#table = table
    this.#range = range
  }

  [Symbol.iterator](): IterableIterator<T> {
    return new RangeIterator(
      this.#lender,
      this.#table,
      this,
      this.#cursor(),
      this.#range.limit ?? Number.POSITIVE_INFINITY,
    )
  }

  /** All of it, as an array. */
  toArray(): T[] {
    const all: T[] = []
    const cursor = this.#cursor()
    const tx = this.#lender.lend(this.#table)
    for (let left = this.#range.limit ?? Number.POSITIVE_INFINITY; left > 0 && this.step(cursor); left--)
      all.push(this.project(cursor, tx))
    return all
  }

  /** @internal How many there are, without decoding them. */
  count(): number {
    const cursor = this.#cursor()
    let count = 0
    const limit = this.#range.limit ?? Number.POSITIVE_INFINITY
    while (count < limit && this.step(cursor)) count++
    return count
  }

  /** @internal */
  step(cursor: Cursor): boolean {
    try {
      return cursor.next()
    } catch (error) {
      throw this.#lender.failed(error)
    }
  }

  /** @internal What the iteration gives for the cursor's entry. */
  abstract project(cursor: Cursor, tx: MvccTransaction): T

  #cursor(): Cursor {
    const tx = this.#lender.lend(this.#table)
    return new Cursor(this.#lender.engine, tx, this.#table.tree, boundsOf(this.#range))
  }
}

class RangeIterator<T> implements IterableIterator<T> {
  readonly #lender: TransactionLender
  readonly #table: TableRef
  readonly #range: RangeIterable<T>
  readonly #cursor: Cursor
  #left: number

  constructor(
    lender: TransactionLender,
    table: TableRef,
    range: RangeIterable<T>,
    cursor: Cursor,
    limit: number,
  ) {
    this.#lender = lender
    this.#table = table
    this.#range = range
    this.#cursor = cursor
    this.#left = limit
  }

  next(): IteratorResult<T, undefined> {
    if (this.#left > 0) {
      const tx = this.#lender.lend(this.#table)
      if (this.#range.step(this.#cursor)) {
        this.#left--
        return { value: this.#range.project(this.#cursor, tx), done: false }
      }
      this.#left = 0
    }
    return { value: undefined, done: true }
  }

  return(): IteratorResult<T, undefined> {
    this.#left = 0
    return { value: undefined, done: true }
  }

  [Symbol.iterator](): this {
    return this
  }
}

export class RangeEntries<K extends Key, V> extends RangeIterable<[K, V]> {
  readonly #codec: Pick<ValueCodec<V>, 'decode'>

  /** @internal */
  constructor(lender: TransactionLender, table: Source<K, V>, range: Range<K>) {
    super(lender, table, range)
    this.#codec = table.codec
  }

  /** @internal */
  override project(cursor: Cursor, tx: MvccTransaction): [K, V] {
    cursor.showKey()
    const key = decodeKey(cursor.keySource, cursor.keyStart, cursor.keyEnd) as K
    return [key, this.#codec.decode(tx.source, tx.start, tx.end)]
  }
}

export class RangeKeys<K extends Key> extends RangeIterable<K> {
  /** @internal */
  override project(cursor: Cursor): K {
    cursor.showKey()
    return decodeKey(cursor.keySource, cursor.keyStart, cursor.keyEnd) as K
  }
}

export class RangeValues<V> extends RangeIterable<V> {
  readonly #codec: Pick<ValueCodec<V>, 'decode'>

  /** @internal */
  constructor(lender: TransactionLender, table: Source<Key, V>, range: Range<Key>) {
    super(lender, table, range)
    this.#codec = table.codec
  }

  /** @internal */
  override project(_cursor: Cursor, tx: MvccTransaction): V {
    return this.#codec.decode(tx.source, tx.start, tx.end)
  }
}

const scratch = new Uint8Array(keyLengthLimit + 32)

function boundsOf(range: Range<Key>): Bounds {
  return {
    lower: bytesOf(range.gt === undefined ? range.gte : range.gt),
    isLowerExcluded: range.gt !== undefined,
    upper: bytesOf(range.lt === undefined ? range.lte : range.lt),
    isUpperExcluded: range.lt !== undefined,
    isReverse: range.reverse === true,
  }
}

function bytesOf(key: Key | undefined): KeyBytes | undefined {
  if (key === undefined) return undefined
  const length = encodeKey(key, scratch, 0)
  return { bytes: scratch.slice(0, length), start: 0, length }
}
