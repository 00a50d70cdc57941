import type { TableEntry } from '../mvcc/catalog.js'
import type { Tree } from '../mvcc/index/tree.js'
import { type KeyBuffer, keyStart } from '../mvcc/keyBuffer.js'
import type { ValueCodec } from './codec.js'
import { type FieldsCodec, fieldsCodecOf } from './fields.js'
import { encodeKey, type Key, numberWords, setNumber } from './keys.js'

/** What the engine needs of a table, whatever its types. */
export abstract class TableRef {
  readonly name: string
  /** @internal */ readonly id: number
  /** @internal */ readonly tree: Tree
  /** @internal Tells the tables of this store from those of others. */ readonly owner: object

  /** @internal */
  constructor(owner: object, entry: TableEntry, tree: Tree) {
    this.owner = owner
    this.name = entry.name
    this.id = entry.id
    this.tree = tree
  }

  /** @internal Encodes a key for an operation. */
  fill(buffer: KeyBuffer, key: Key): void {
    if (typeof key === 'number')
      buffer.sealNine(this.id, setNumber(key), numberWords.upper, numberWords.lower)
    else buffer.seal(this.id, encodeKey(key, buffer.bytes, keyStart))
  }
}

/** What can be read by key: a table, or some fields of its values. */
export abstract class Source<K extends Key, V> extends TableRef {
  /** @internal */ declare readonly keyType: K
  /** @internal */ abstract readonly codec: Pick<ValueCodec<V>, 'decode'>
}

/**
 * A table of one store, as one thread uses it: the key and value types, and how values become bytes. Made by
 * `store.table`; read and written through transactions and snapshots.
 */
export class Table<K extends Key = Key, V = unknown> extends Source<K, V> {
  /** @internal */ readonly codec: ValueCodec<V>
  /** @internal */ readonly entry: TableEntry

  /** @internal */
  constructor(owner: object, entry: TableEntry, tree: Tree, codec: ValueCodec<V>) {
    super(owner, entry, tree)
    this.codec = codec
    this.entry = entry
  }

  /**
   * Some fields of the values, which are objects: give it instead of the table to read these fields alone,
   * and to `patch` to replace them. With a `record` codec whose fields are booleans, `int32`, `uint32`,
   * `number` and texts, the others are not even decoded. Make it once and keep it. Throws a `TypeError` for a
   * field that the record does not have.
   */
  pick<const F extends keyof V & string>(...fields: F[]): Fields<K, Pick<V, F>> {
    if (fields.length === 0) throw new TypeError('Name a field to pick')
    const codec = fieldsCodecOf<Pick<V, F>>(this.codec, fields)
    return new Fields<K, Pick<V, F>>(this, fields, codec)
  }
}

/** Some fields of a table's values: see `Table.pick`. */
export class Fields<K extends Key = Key, V = unknown> extends Source<K, V> {
  /** The names of the fields. */
  readonly fields: readonly string[]
  /** @internal */ readonly codec: FieldsCodec<V>

  /** @internal */
  constructor(
    table: TableRef & { readonly entry: TableEntry },
    fields: readonly string[],
    codec: FieldsCodec<V>,
  ) {
    super(table.owner, table.entry, table.tree)
    this.fields = fields
    this.codec = codec
  }
}
