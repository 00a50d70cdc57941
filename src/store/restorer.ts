import { PayloadError } from '../durable/errors.js'
import { PayloadReader, type TableRecord } from '../durable/payload.js'
import type { Engine } from '../mvcc/engine.js'
import type { MvccTransaction } from '../mvcc/transaction.js'

/**
 * Writes that one transaction of the recovery makes: a write set so small is searched and sorted in place.
 */
const batchWrites = 8

/**
 * Puts what was recovered into an empty store, in the order of the journal. Nobody else is attached yet, so
 * no
 * transaction of it meets another.
 */
export class Restorer {
  readonly #engine: Engine
  readonly #payload = new PayloadReader()
  /** By id. A definition that nobody has used may be followed by another one of its id. */
  readonly #tables: TableRecord[] = []
  #created = 0
  #tx: MvccTransaction | undefined
  entries = 0

  constructor(engine: Engine) {
    this.#engine = engine
  }

  table(record: TableRecord): void {
    this.#tables[record.id] = record
  }

  /** Applies the entries of a transaction's payload. */
  transaction(bytes: Buffer, start: number, end: number): void {
    const entry = this.#payload.open(bytes, start, end)
    while (entry.next()) this.#apply(bytes, entry)
  }

  /** Commits the last writes, and creates the tables that have no entries. */
  finish(): void {
    this.#commit()
    if (this.#tables.length > 1) this.#createTables(this.#tables.length - 1)
  }

  #apply(bytes: Buffer, entry: PayloadReader): void {
    const engine = this.#engine
    if (entry.table > this.#created) this.#createTables(entry.table)
    this.#tx ??= engine.begin('optimistic')
    const tx = this.#tx
    const tree = engine.treeOf(entry.table)
    const { key } = engine
    key.set(entry.table, bytes, entry.keyStart, entry.keyEnd - entry.keyStart)
    if (entry.isRemoved) {
      tx.delete(tree, key)
    } else {
      const { writes } = tx
      const lengthBytes = entry.valueEnd - entry.valueStart
      const start = (writes.stagedBytes + 3) & ~3
      while (writes.staging.length - start < lengthBytes) writes.growStaging()
      bytes.copy(writes.staging, start, entry.valueStart, entry.valueEnd)
      tx.write(tree, key, start, start + lengthBytes)
    }
    this.entries++
    if (tx.writes.count >= batchWrites) this.#commit()
  }

  #commit(): void {
    const tx = this.#tx
    this.#tx = undefined
    if (tx === undefined) return
    const reason = this.#engine.commit(tx)
    if (reason !== undefined) throw new Error(`recovery met a conflict (${reason}) with nobody there`)
  }

  /** Creates the tables in the order of their ids, so that they get the ids that they had. */
  #createTables(last: number): void {
    this.#commit()
    while (this.#created < last) {
      const record = this.#tables[this.#created + 1]
      if (record === undefined) throw missing(this.#created + 1)
      const { id } = this.#engine.catalog.open(record.name, record.format)
      if (id !== record.id) throw missing(record.id)
      this.#created = id
    }
  }
}

function missing(id: number): PayloadError {
  return new PayloadError(`the journal does not define table ${id}, whose entries or successors it has`)
}
