import type { TableEntry } from '../mvcc/catalog.js'
import type { Tree } from '../mvcc/index/tree.js'
import { type KeyBuffer, keyStart } from '../mvcc/keyBuffer.js'
import type { ValueCodec } from './codec.js'
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
}

/**
 * A table of one store, as one thread uses it: the key and value types, and how values become bytes. Made by
 * `store.table`; read and written through transactions and snapshots.
 */
export class Table<K extends Key = Key, V = unknown> extends TableRef {
  /** @internal */ readonly codec: ValueCodec<V>

  /** @internal */
  constructor(owner: object, entry: TableEntry, tree: Tree, codec: ValueCodec<V>) {
    super(owner, entry, tree)
    this.codec = codec
  }

  /** @internal Encodes a key for an operation. */
  fill(buffer: KeyBuffer, key: K): void {
    if (typeof key === 'number')
      buffer.sealNine(this.id, setNumber(key), numberWords.upper, numberWords.lower)
    else buffer.seal(this.id, encodeKey(key, buffer.bytes, keyStart))
  }
}
