import { PayloadError } from '../durable/errors.js'
import { PayloadReader, type TableRecord } from '../durable/payload.js'
import { BulkLoader } from '../mvcc/bulkLoader.js'
import type { Engine } from '../mvcc/engine.js'

/** Puts what was recovered into an empty store that nobody else uses yet, in the order of the journal. */
export class Restorer {
  readonly #engine: Engine
  readonly #loader: BulkLoader
  readonly #payload = new PayloadReader()
  /** By id. A definition that nobody has used may be followed by another one of its id. */
  readonly #tables: TableRecord[] = []
  #created = 0
  entries = 0

  constructor(engine: Engine) {
    this.#engine = engine
    this.#loader = new BulkLoader(engine)
  }

  table(record: TableRecord): void {
    this.#tables[record.id] = record
  }

  /** Applies the entries of a transaction's payload. */
  transaction(bytes: Buffer, start: number, end: number): void {
    const entry = this.#payload.open(bytes, start, end)
    while (entry.next()) {
      if (entry.table > this.#created) this.#createTables(entry.table)
      this.#loader.apply(bytes, entry)
      this.entries++
    }
  }

  /** Creates the tables that have no entries, and makes the indexes. Yields now and then. */
  *finish(): Generator<void, void, void> {
    if (this.#tables.length > 1) this.#createTables(this.#tables.length - 1)
    yield* this.#loader.finish()
  }

  /** Creates the tables in the order of their ids, so that they get the ids that they had. */
  #createTables(last: number): void {
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
