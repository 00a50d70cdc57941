import { type Bounds, Cursor } from '../mvcc/cursor.js'
import type { KeyBytes } from '../mvcc/index/block.js'
import { keyLengthLimit } from '../mvcc/keyBuffer.js'
import type { MvccTransaction } from '../mvcc/transaction.js'
import type { ValueCodec } from './codec.js'
import { decodeKey, encodeKey, type Key } from './keys.js'
import type { CheckedRange } from './options.js'
import type { TransactionLender } from './range.js'
import type { TableRef } from './table.js'
import { TextRun } from './textRun.js'

/** One pass over the entries of a range. `key` and `value` are about the entry that `step` went to. */
export class RangeWalk {
  readonly #lender: TransactionLender
  readonly #table: TableRef
  readonly #tx: MvccTransaction
  readonly #cursor: Cursor
  /** By place in the cursor's run: the values that were read ahead. */
  readonly #texts: (string | undefined)[] = []
  readonly #textRun: TextRun | undefined
  #place = -1
  #count = 0
  #left: number

  constructor(lender: TransactionLender, table: TableRef, range: CheckedRange, readsTexts: boolean) {
    this.#lender = lender
    this.#table = table
    this.#tx = lender.lend(table)
    this.#cursor = new Cursor(lender.engine, this.#tx, table.tree, boundsOf(range))
    this.#textRun = readsTexts ? new TextRun(lender.engine.memory, this.#texts) : undefined
    this.#left = range.limit ?? Number.POSITIVE_INFINITY
  }

  /** Goes to the next entry. False at the end, and from then on. */
  step(): boolean {
    if (this.#left <= 0) {
      this.end()
      return false
    }
    this.#lender.lend(this.#table)
    for (;;) {
      if (++this.#place >= this.#count && !this.#enterRun()) {
        this.end()
        return false
      }
      if (this.#texts[this.#place] !== undefined || this.#cursor.show(this.#place)) {
        this.#left--
        return true
      }
    }
  }

  end(): void {
    this.#left = 0
    this.#cursor.close()
  }

  key(): Key {
    const cursor = this.#cursor
    cursor.showKey(this.#place)
    return decodeKey(cursor.keySource, cursor.keyStart, cursor.keyEnd)
  }

  value<V>(codec: Pick<ValueCodec<V>, 'decode'>): V {
    const text = this.#texts[this.#place]
    // Texts are read ahead for the codec of strings alone.
    return text !== undefined ? (text as V) : codec.decode(this.#tx.source, this.#tx.start, this.#tx.end)
  }

  #enterRun(): boolean {
    try {
      this.#count = this.#cursor.nextRun()
    } catch (error) {
      throw this.#lender.failed(error)
    }
    this.#place = 0
    if (this.#textRun !== undefined) this.#readTexts(this.#textRun)
    return this.#count > 0
  }

  #readTexts(textRun: TextRun): void {
    for (let place = 0; place < this.#count; place++) {
      const version = this.#cursor.versionAt(place)
      if (version < 0 || !textRun.add(version, place)) this.#texts[place] = undefined
    }
    textRun.flush()
  }
}

const scratch = new Uint8Array(keyLengthLimit + 32)

function boundsOf(range: CheckedRange): Bounds {
  return {
    lower: bytesOf(range.gt === undefined ? range.gte : range.gt),
    isLowerExcluded: range.gt !== undefined,
    upper: bytesOf(range.lt === undefined ? range.lte : range.lt),
    isUpperExcluded: range.lt !== undefined,
    isReverse: range.reverse === true,
    limit: range.limit,
  }
}

function bytesOf(key: Key | undefined): KeyBytes | undefined {
  if (key === undefined) return undefined
  const length = encodeKey(key, scratch, 0)
  return { bytes: scratch.slice(0, length), start: 0, length }
}
