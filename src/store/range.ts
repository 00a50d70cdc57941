import type { Engine } from '../mvcc/engine.js'
import type { MvccTransaction } from '../mvcc/transaction.js'
import type { ValueCodec } from './codec.js'
import { string } from './codecs/string.js'
import type { Key } from './keys.js'
import { type CheckedRange, checkRange, type Range } from './options.js'
import { RangeWalk } from './rangeWalk.js'
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
  readonly #range: CheckedRange

  /** @internal */
  constructor(lender: TransactionLender, table: TableRef, range: Range<Key>) {
    this.#lender = lender
    this.#table = table
    this.#range = checkRange(range)
  }

  [Symbol.iterator](): IterableIterator<T> {
    return new RangeIterator(this, this.#walk(this.readsTexts))
  }

  /** All of it, as an array. */
  toArray(): T[] {
    const all: T[] = []
    const walk = this.#walk(this.readsTexts)
    while (walk.step()) all.push(this.project(walk))
    return all
  }

  /** @internal How many there are, without decoding them. */
  count(): number {
    const walk = this.#walk(false)
    let count = 0
    while (walk.step()) count++
    return count
  }

  /** @internal Whether it gives values that are texts, which are read many at once. */
  protected get readsTexts(): boolean {
    return false
  }

  /** @internal What the iteration gives for the entry at which the walk is. */
  abstract project(walk: RangeWalk): T

  #walk(readsTexts: boolean): RangeWalk {
    return new RangeWalk(this.#lender, this.#table, this.#range, readsTexts)
  }
}

class RangeIterator<T> implements IterableIterator<T> {
  readonly #range: RangeIterable<T>
  readonly #walk: RangeWalk

  constructor(range: RangeIterable<T>, walk: RangeWalk) {
    this.#range = range
    this.#walk = walk
  }

  next(): IteratorResult<T, undefined> {
    if (this.#walk.step()) return { value: this.#range.project(this.#walk), done: false }
    return { value: undefined, done: true }
  }

  return(): IteratorResult<T, undefined> {
    this.#walk.end()
    return { value: undefined, done: true }
  }

  [Symbol.iterator](): this {
    return this
  }
}

abstract class RangeOfValues<T, V> extends RangeIterable<T> {
  protected readonly codec: Pick<ValueCodec<V>, 'decode'>

  /** @internal */
  constructor(lender: TransactionLender, table: Source<Key, V>, range: Range<Key>) {
    super(lender, table, range)
    this.codec = table.codec
  }

  /** @internal */
  protected override get readsTexts(): boolean {
    return (this.codec as object) === string
  }
}

export class RangeEntries<K extends Key, V> extends RangeOfValues<[K, V], V> {
  /** @internal */
  override project(walk: RangeWalk): [K, V] {
    return [walk.key() as K, walk.value(this.codec)]
  }
}

export class RangeKeys<K extends Key> extends RangeIterable<K> {
  /** @internal */
  override project(walk: RangeWalk): K {
    return walk.key() as K
  }
}

export class RangeValues<V> extends RangeOfValues<V, V> {
  /** @internal */
  override project(walk: RangeWalk): V {
    return walk.value(this.codec)
  }
}
