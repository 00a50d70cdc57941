import type { Value } from '../operation.js'
import { UnrecordableError } from './errors.js'
import type { RecordedCall } from './recorder.js'

/** A table, as far as a recorder knows it. */
export interface NamedTable {
  readonly name: string
  /** Given by what stands for a part of a table's values. */
  readonly fields?: readonly string[]
}

/** What a recorder uses of a store's transactions and snapshots; parameters are whatever the store takes. */
export interface RecordableTransaction {
  readonly attempt?: number
  get(table: never, key: never): unknown
  getRange(table: never, range?: never): Iterable<readonly [unknown, unknown]>
  put?(table: never, key: never, value: never): void
  insert?(table: never, key: never, value: never): void
  abort?(cause?: unknown): never
}

/** How keys and values of a store appear in the history. */
export interface Naming {
  readonly key: (table: NamedTable, key: unknown) => Value
  readonly value: (value: unknown) => Value
  /** Whether values are lists that only grow: then a `put` is the `append` of its last element. */
  readonly isList: boolean
}

/** The transaction that a recorded body is given: passes all on, and notes what came of it. */
export class RecordedView {
  readonly #naming: Naming
  readonly #call: RecordedCall
  readonly #inner: RecordableTransaction

  constructor(naming: Naming, call: RecordedCall, inner: RecordableTransaction) {
    this.#naming = naming
    this.#call = call
    this.#inner = inner
  }

  get attempt(): number | undefined {
    return this.#inner.attempt
  }

  get(table: NamedTable, key: unknown): unknown {
    const found = this.#inner.get(table as never, key as never)
    this.#noteRead(table, key, found)
    return found
  }

  getMany(table: NamedTable, keys: readonly unknown[]): unknown[] {
    return keys.map((key) => this.get(table, key))
  }

  has(table: NamedTable, key: unknown): boolean {
    return this.get(table, key) !== undefined
  }

  getRange(table: NamedTable, range?: unknown): RecordedRange<readonly [unknown, unknown]> {
    return this.#range(table, range, (entry) => entry)
  }

  getKeys(table: NamedTable, range?: unknown): RecordedRange<unknown> {
    return this.#range(table, range, ([key]) => key)
  }

  getValues(table: NamedTable, range?: unknown): RecordedRange<unknown> {
    return this.#range(table, range, ([, value]) => value)
  }

  count(table: NamedTable, range?: unknown): number {
    return this.getKeys(table, range).toArray().length
  }

  put(table: NamedTable, key: unknown, value: unknown): void {
    this.#inner.put!(table as never, key as never, value as never)
    this.#noteWrite(table, key, value)
  }

  insert(table: NamedTable, key: unknown, value: unknown): void {
    this.#inner.insert!(table as never, key as never, value as never)
    this.#noteWrite(table, key, value)
  }

  patch(): never {
    throw new UnrecordableError('patch', 'a history holds whole values; put one')
  }

  delete(): never {
    throw new UnrecordableError('delete', 'histories have no deletions; put a value that stands for absence')
  }

  abort(cause?: unknown): never {
    return this.#inner.abort!(cause)
  }

  #range<T>(
    table: NamedTable,
    range: unknown,
    project: (entry: readonly [unknown, unknown]) => T,
  ): RecordedRange<T> {
    const entries =
      range === undefined
        ? this.#inner.getRange(table as never)
        : this.#inner.getRange(table as never, range as never)
    return new RecordedRange(entries, (entry) => {
      this.#noteRead(table, entry[0], entry[1])
      return project(entry)
    })
  }

  #noteRead(table: NamedTable, key: unknown, found: unknown): void {
    const { key: keyOf, value: valueOf } = this.#naming
    if (table.fields !== undefined)
      throw new UnrecordableError(
        'a read of some fields',
        'a history holds whole values; read from the table',
      )
    this.#call.read(keyOf(table, key), found === undefined ? null : valueOf(found))
  }

  #noteWrite(table: NamedTable, key: unknown, value: unknown): void {
    const { key: keyOf, value: valueOf, isList } = this.#naming
    const name = keyOf(table, key)
    if (!isList) this.#call.write(name, valueOf(value))
    else if (Array.isArray(value) && value.length > 0) this.#call.append(name, valueOf(value.at(-1)))
    else
      throw new UnrecordableError(
        'put',
        'in a history of lists a value is an array with the new element last',
      )
  }
}

/** A range whose entries are noted as they are iterated. */
export class RecordedRange<T> implements Iterable<T> {
  readonly #entries: Iterable<readonly [unknown, unknown]>
  readonly #project: (entry: readonly [unknown, unknown]) => T

  constructor(
    entries: Iterable<readonly [unknown, unknown]>,
    project: (entry: readonly [unknown, unknown]) => T,
  ) {
    this.#entries = entries
    this.#project = project
  }

  *[Symbol.iterator](): Generator<T> {
    for (const entry of this.#entries) yield this.#project(entry)
  }

  toArray(): T[] {
    return [...this]
  }
}
