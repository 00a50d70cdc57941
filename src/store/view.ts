import { MemoryFullError, StuckError } from '../memory/errors.js'
import { ConflictError } from '../mvcc/abort.js'
import type { Engine } from '../mvcc/engine.js'
import { KeyBuffer } from '../mvcc/keyBuffer.js'
import type { MvccTransaction } from '../mvcc/transaction.js'
import { maxValueBytes } from '../mvcc/version.js'
import type { ValueCodec } from './codec.js'
import {
  AbortedError,
  DuplicateKeyError,
  ReadOnlyError,
  TableError,
  TransactionClosedError,
} from './errors.js'
import type { Key } from './keys.js'
import type { Range } from './options.js'
import { RangeEntries, RangeKeys, RangeValues, type TransactionLender } from './range.js'
import type { Fields, Source, Table, TableRef } from './table.js'
import { ValueTooLongError, ValueTypeError } from './valueErrors.js'

/** So many keys are looked up at once by `getMany`; their data stays in the cache until it is read. */
const fetchAheadKeys = 16
const hashes = new Int32Array(fetchAheadKeys)
/** Their keys, while a `getMany` reads them. */
const keyBuffers: readonly KeyBuffer[] = Array.from({ length: fetchAheadKeys }, () => new KeyBuffer())
let areBuffersTaken = false

/** What transactions and snapshots have in common: reading. */
export abstract class Reader implements TransactionLender {
  /** @internal */ readonly engine: Engine
  readonly #owner: object
  #tx: MvccTransaction | undefined

  /** @internal */
  constructor(engine: Engine, owner: object, tx: MvccTransaction) {
    this.engine = engine
    this.#owner = owner
    this.#tx = tx
  }

  /** The value of the key, or undefined if it is absent. The value is the caller's to keep and to change. */
  get<K extends Key, V>(table: Source<K, V>, key: K): V | undefined {
    const tx = this.lend(table)
    table.fill(this.engine.key, key)
    return this.find(tx, table) ? table.codec.decode(tx.source, tx.start, tx.end) : undefined
  }

  /**
   * The values of several keys, in their order, with undefined for those that are absent. Faster than as many
   * calls of `get` when the data is larger than the processor's caches.
   */
  getMany<K extends Key, V>(table: Source<K, V>, keys: readonly K[]): (V | undefined)[] {
    // A codec that reads while it decodes has to do without them.
    if (areBuffersTaken) return keys.map((key) => this.get(table, key))
    const values: (V | undefined)[] = []
    areBuffersTaken = true
    try {
      for (let start = 0; start < keys.length; start += fetchAheadKeys)
        this.#getNext(table, keys.slice(start, start + fetchAheadKeys), values)
    } finally {
      areBuffersTaken = false
    }
    return values
  }

  /** Whether the key is present. */
  has<K extends Key, V>(table: Source<K, V>, key: K): boolean {
    const tx = this.lend(table)
    table.fill(this.engine.key, key)
    return this.find(tx, table)
  }

  /** The entries of a range, in the order of keys: pairs of key and value. */
  getRange<K extends Key, V>(table: Source<K, V>, range: Range<K> = {}): RangeEntries<K, V> {
    this.lend(table)
    return new RangeEntries<K, V>(this, table, range)
  }

  /** The keys of a range, in order. */
  getKeys<K extends Key, V>(table: Source<K, V>, range: Range<K> = {}): RangeKeys<K> {
    this.lend(table)
    return new RangeKeys<K>(this, table, range)
  }

  /** The values of a range, in the order of their keys. */
  getValues<K extends Key, V>(table: Source<K, V>, range: Range<K> = {}): RangeValues<V> {
    this.lend(table)
    return new RangeValues<V>(this, table, range)
  }

  /** How many keys the range has. Linear in the answer. */
  count<K extends Key, V>(table: Source<K, V>, range: Range<K> = {}): number {
    return new RangeKeys<K>(this, table, range).count()
  }

  /** @internal The transaction, for an operation on the table. */
  lend(table: TableRef): MvccTransaction {
    const tx = this.#tx
    if (tx === undefined) throw new TransactionClosedError(this.what)
    if (table?.owner !== this.#owner) throw foreignTable(table)
    return tx
  }

  /** @internal */
  end(): void {
    this.#tx = undefined
  }

  /** @internal Notes an error met while reading, and gives it back to be thrown. */
  failed(error: unknown): unknown {
    return error
  }

  /** Reads as many keys as there are buffers, at most. */
  #getNext<K extends Key, V>(table: Source<K, V>, keys: readonly K[], values: (V | undefined)[]): void {
    const tx = this.lend(table)
    this.#fetchAhead(tx, table, keys)
    for (let i = 0; i < keys.length; i++) {
      const isFound = this.find(this.lend(table), table, keyBuffers[i])
      values.push(isFound ? table.codec.decode(tx.source, tx.start, tx.end) : undefined)
    }
  }

  #fetchAhead<K extends Key>(tx: MvccTransaction, table: TableRef, keys: readonly K[]): void {
    for (let i = 0; i < keys.length; i++) {
      const buffer = keyBuffers[i]!
      table.fill(buffer, keys[i]!)
      hashes[i] = buffer.hash
    }
    tx.fetchAhead(hashes, keys.length)
  }

  protected abstract get what(): string

  /** Reads a key, the one in the engine's key buffer if no other is given. */
  protected find(tx: MvccTransaction, table: TableRef, key: KeyBuffer = this.engine.key): boolean {
    return tx.read(table.tree, key)
  }
}

/**
 * Reads one state of the store: everything committed before it began, and nothing after. Given to the body of
 * `snapshot`; it never waits for longer than another transaction's commit, and never makes one fail.
 */
export class Snapshot extends Reader {
  /** @internal For callers without types. */
  put(): never {
    throw new ReadOnlyError('put')
  }

  /** @internal */
  insert(): never {
    throw new ReadOnlyError('insert')
  }

  /** @internal */
  patch(): never {
    throw new ReadOnlyError('patch')
  }

  /** @internal */
  delete(): never {
    throw new ReadOnlyError('delete')
  }

  protected override get what(): string {
    return 'snapshot'
  }
}

/**
 * Reads and writes; what it writes becomes visible all at once when its body has ended. Given to the body of
 * `transaction`.
 */
export class Transaction extends Reader {
  /** 1 in the first run of the body, one more in each later run. */
  readonly attempt: number
  #failure: unknown

  /** @internal */
  constructor(engine: Engine, owner: object, tx: MvccTransaction, attempt: number) {
    super(engine, owner, tx)
    this.attempt = attempt
  }

  /** Sets the value of the key. The value is encoded now: changing it later changes nothing. */
  put<K extends Key, V>(table: Table<K, V>, key: K, value: V): void {
    const tx = this.lend(table)
    const start = this.#stage(tx, table.codec, value)
    try {
      table.fill(this.engine.key, key)
      tx.write(table.tree, this.engine.key, start, this.#stagedEnd)
    } catch (error) {
      throw this.failed(error)
    }
  }

  /** Sets the value of a key that is absent. Throws `DuplicateKeyError` if it is present. */
  insert<K extends Key, V>(table: Table<K, V>, key: K, value: V): void {
    const tx = this.lend(table)
    const start = this.#stage(tx, table.codec, value)
    let isInserted: boolean
    try {
      table.fill(this.engine.key, key)
      isInserted = tx.insert(table.tree, this.engine.key, start, this.#stagedEnd)
    } catch (error) {
      throw this.failed(error)
    }
    if (!isInserted) throw new DuplicateKeyError(table.name, key)
  }

  /**
   * Replaces the fields of the key's value by those of `value`; the others stay as they are. False, with
   * nothing done, if the key is absent. Cheaper than `put` of the whole: see `Table.pick`. Throws as `put`
   * does.
   */
  patch<K extends Key, V>(fields: Fields<K, V>, key: K, value: V): boolean {
    const tx = this.lend(fields)
    if (value === undefined) throw new ValueTypeError(value, 'a patch is an object')
    fields.fill(this.engine.key, key)
    if (!this.find(tx, fields)) return false
    const { codec } = fields
    for (;;) {
      const start = tx.stageCopy()
      const copyEnd = start + tx.end - tx.start
      const { staging } = tx.writes
      const end = codec.patch(value, staging, start, copyEnd)
      if (end < 0 || end > staging.length) {
        this.#growStaging(tx, start)
        continue
      }
      const first = codec.isInPlace ? start : (copyEnd + 3) & ~3
      if (end - first > maxValueBytes) throw new ValueTooLongError(end - first, maxValueBytes)
      tx.rewrite(first, end)
      return true
    }
  }

  /** Makes the key absent. True if it was present. */
  delete<K extends Key, V>(table: Table<K, V>, key: K): boolean {
    const tx = this.lend(table)
    table.fill(this.engine.key, key)
    if (!this.find(tx, table)) return false
    try {
      tx.delete(table.tree, this.engine.key)
    } catch (error) {
      throw this.failed(error)
    }
    return true
  }

  /**
   * Ends the body and undoes what it did; the transaction is rejected with an `AbortedError` of this cause.
   */
  abort(cause?: unknown): never {
    this.#failure = new AbortedError(cause)
    throw this.#failure
  }

  /** @internal What made the engine give up on this attempt, even if the body caught it. */
  get failure(): unknown {
    return this.#failure
  }

  protected override get what(): string {
    return 'transaction'
  }

  protected override find(tx: MvccTransaction, table: TableRef, key: KeyBuffer = this.engine.key): boolean {
    try {
      return tx.read(table.tree, key)
    } catch (error) {
      throw this.failed(error)
    }
  }

  #stagedEnd = 0

  /** Encodes a value into the staging buffer, at a word, and answers where it begins. */
  #stage<V>(tx: MvccTransaction, codec: ValueCodec<V>, value: V): number {
    if (value === undefined)
      throw new ValueTypeError(value, 'undefined stands for an absent key; use delete to remove one')
    const { writes } = tx
    const start = (writes.stagedBytes + 3) & ~3
    let end = codec.encode(value, writes.staging, start)
    while (end < 0) {
      this.#growStaging(tx, start)
      end = codec.encode(value, writes.staging, start)
    }
    if (end - start > maxValueBytes) throw new ValueTooLongError(end - start, maxValueBytes)
    this.#stagedEnd = end
    return start
  }

  /** Makes more room for a value from `start` on, unless it has had enough. */
  #growStaging({ writes }: MvccTransaction, start: number): void {
    if (writes.staging.length - start > 2 * maxValueBytes)
      throw new ValueTooLongError(undefined, maxValueBytes)
    writes.growStaging()
  }

  /** @internal */
  override failed(error: unknown): unknown {
    if (error instanceof ConflictError || error instanceof StuckError || error instanceof MemoryFullError)
      this.#failure = error
    return error
  }
}

function foreignTable(table: TableRef | undefined): TableError {
  const name = String(table?.name)
  return new TableError(
    name,
    `table '${name}' is not one of this store: get it from this store's \`table\`, in this thread`,
  )
}
