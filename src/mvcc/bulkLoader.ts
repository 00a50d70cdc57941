import { MemoryFullError } from '../memory/errors.js'
import { blockKind, siteArea } from '../memory/layout.js'
import type { Stamp } from '../tid/stamp.js'
import { fitMask } from './directory.js'
import type { Engine } from './engine.js'
import { buildIndex } from './index/bulkIndex.js'
import { sortTuples } from './index/tupleOrder.js'
import type { Tree } from './index/tree.js'
import { keyStart } from './keyBuffer.js'
import { insideOf, keyLengthOfMeta, tupleBytes, tupleHead, tupleKey, tupleLeaf, wordState } from './tuple.js'
import { TupleSet } from './tupleSet.js'
import {
  versionHeaderBytes,
  versionHeaderWords,
  versionLength,
  versionOlder,
  versionPosition,
} from './version.js'

/** Above this many bytes, native code copies values faster than a loop does. */
const loopBytes = 256

const tuplesMin = 1024

/** Tuples of removed keys are kept, in case the keys come again, until there are more than that. */
const absentMin = 1024

/**
 * Where memory is short, a table is swept if one in so many of its tuples can be freed. With fewer, the
 * indexes would find no room either, and sweeping again and again would take for ever.
 */
const sweepShare = 64

/** Where an entry lies in the buffer that it was read into. */
export interface LoadedEntry {
  readonly table: number
  readonly keyStart: number
  readonly keyEnd: number
  readonly valueStart: number
  /** Of no meaning if the key is removed. */
  readonly valueEnd: number
  readonly isRemoved: boolean
}

/** The tuples of a table, in the order in which their keys came first. */
interface LoadedTable {
  readonly tree: Tree
  tuples: Int32Array
  count: number
  /** How many of them have no value, because their key was removed. */
  absent: number
  /** The tuple with the highest key; 0 before the first. */
  highest: number
  isSorted: boolean
}

/**
 * Fills a store that is empty, and that nobody else uses yet: puts and removals in the order of the journal.
 *
 * There are no transactions: of each key there is one tuple with one version, written over where it comes
 * again. The indexes are built in the end, each block once. Meanwhile a key above all others of its table is
 * known to be new; only for others a table of all tuples is made, so that loading keys in their order, as a
 * checkpoint has them, looks none of them up.
 *
 * Throws `MemoryFullError`; the memory is then of no use any more. If the thread ends in the middle, the
 * memory goes with it, so nothing is noted for a recoverer.
 */
export class BulkLoader {
  readonly #engine: Engine
  readonly #i32: Int32Array
  readonly #u64: BigUint64Array
  readonly #f64: Float64Array
  /** All that is loaded was written then: before any transaction to come. */
  readonly #stamp: Stamp
  /** By id. */
  readonly #tables: (LoadedTable | undefined)[] = []
  #known: TupleSet | undefined
  #created = 0
  #source: Buffer = Buffer.alloc(0)
  /** The source as words; none if it does not begin at one. */
  #sourceWords: Int32Array = new Int32Array(0)

  constructor(engine: Engine) {
    const { memory, context } = engine
    this.#engine = engine
    this.#i32 = memory.i32
    this.#u64 = memory.u64
    this.#f64 = memory.f64
    this.#stamp = context.site.begin()
    context.site.end(this.#stamp)
  }

  /** Applies one entry. Its table is in the catalog. */
  apply(bytes: Buffer, entry: LoadedEntry): void {
    const { key } = this.#engine
    if (bytes !== this.#source) this.#read(bytes)
    const table = (this.#tables[entry.table] ??= this.#begin(entry.table))
    key.set(entry.table, bytes, entry.keyStart, entry.keyEnd - entry.keyStart)
    const isAbove = this.#isAbove(table)
    const found = isAbove ? 0 : this.#find()
    if (entry.isRemoved) {
      if (found !== 0) this.#remove(table, found)
      return
    }
    const lengthBytes = entry.valueEnd - entry.valueStart
    const tuple = found === 0 ? this.#create(table, isAbove, lengthBytes) : found
    if (found !== 0) this.#drop(table, found)
    // Not absent, should memory be short now: a sweep is to leave it.
    this.#i32[(tuple << 1) + tupleHead] = tuple
    const version =
      this.#inside(tuple, lengthBytes) || this.#room(blockKind.data, versionHeaderBytes + lengthBytes)
    this.#i32[(tuple << 1) + tupleHead] = version
    this.#write(version, entry.valueStart, lengthBytes)
  }

  /** Makes the indexes. It is the last call. Yields now and then. */
  *finish(): Generator<void, void, void> {
    for (const table of this.#tables) {
      if (table === undefined) continue
      table.highest = 0
      this.#sweep(table)
      const tuples = table.tuples.subarray(0, table.count)
      if (!table.isSorted) yield* sortTuples(table.tree.reader, tuples)
      yield* buildIndex(table.tree, tuples)
      this.#i32[this.#engine.context.area + siteArea.tupleCount]! += tuples.length
    }
    this.#tables.length = 0
  }

  #begin(id: number): LoadedTable {
    const tuples = new Int32Array(tuplesMin)
    return { tree: this.#engine.treeOf(id), tuples, count: 0, absent: 0, highest: 0, isSorted: true }
  }

  #read(bytes: Buffer): void {
    this.#source = bytes
    this.#sourceWords =
      (bytes.byteOffset & 3) === 0
        ? new Int32Array(bytes.buffer, bytes.byteOffset, bytes.length >> 2)
        : new Int32Array(0)
  }

  /** Whether the key is above all that the table has had. */
  #isAbove({ tree, highest }: LoadedTable): boolean {
    const { key } = this.#engine
    return highest === 0 || tree.reader.compareTuple(highest, key.bytes, keyStart, key.length) < 0
  }

  #find(): number {
    this.#known ??= this.#knowAll()
    return this.#known.find(this.#engine.key)
  }

  #knowAll(): TupleSet {
    const engine = this.#engine
    const known = new TupleSet(engine.directory, this.#created)
    for (const table of this.#tables) {
      if (table === undefined) continue
      for (let at = 0; at < table.count; at++) {
        const tuple = table.tuples[at]!
        engine.readKey(tuple)
        known.add(engine.reviveKey.hash, tuple)
      }
    }
    return known
  }

  /** A tuple for the key, whose version is still to come. */
  #create(table: LoadedTable, isAbove: boolean, lengthBytes: number): number {
    const { key, directory } = this.#engine
    const i32 = this.#i32
    const tuple = this.#room(blockKind.tuple, tupleBytes(key.length, lengthBytes))
    const words = tuple << 1
    this.#u64[tuple] = this.#stamp
    i32[words + tupleLeaf] = 0
    for (let i = 0; i < key.wordCount; i++) i32[words + tupleKey + i] = key.words[i]!
    if (table.count === table.tuples.length) table.tuples = grown(table.tuples)
    table.tuples[table.count++] = tuple
    if (isAbove) table.highest = tuple
    else table.isSorted = false
    this.#known?.add(key.hash, tuple)
    directory.enter(key.hash, tuple)
    if ((++this.#created & fitMask) === 0) directory.fit(this.#created + fitMask)
    return tuple
  }

  #remove(table: LoadedTable, tuple: number): void {
    this.#drop(table, tuple)
    this.#i32[(tuple << 1) + tupleHead] = 0
    if (++table.absent > absentMin && table.absent > table.count / 2) this.#sweep(table)
  }

  /** Gives up the value that a tuple has, which nobody reads; or, without one, its being absent. */
  #drop(table: LoadedTable, tuple: number): void {
    const head = this.#i32[(tuple << 1) + tupleHead]!
    if (head === 0) table.absent--
    else if (!this.#engine.isInside(head, tuple)) this.#engine.context.arena.free(head)
  }

  /** The room for a version inside the tuple, or 0 if it is too small. */
  #inside(tuple: number, lengthBytes: number): number {
    const inside = insideOf(tuple, keyLengthOfMeta(this.#i32[(tuple << 1) + tupleKey]!))
    const end = (inside - tuple) * 8 + versionHeaderBytes + lengthBytes
    return end <= this.#engine.context.arena.sizeOf(tuple) ? inside : 0
  }

  /** A block; where memory is short, of what removed keys have left. */
  #room(kind: number, lengthBytes: number): number {
    const { arena } = this.#engine.context
    try {
      return arena.allocate(kind, lengthBytes)
    } catch (error) {
      if (!(error instanceof MemoryFullError)) throw error
      for (const table of this.#tables)
        if (table !== undefined && table.absent * sweepShare > table.count) this.#sweep(table)
      return arena.allocate(kind, lengthBytes)
    }
  }

  #write(version: number, start: number, lengthBytes: number): void {
    const words = version << 1
    this.#u64[version] = this.#stamp
    this.#i32[words + versionOlder] = 0
    this.#i32[words + versionLength] = lengthBytes
    this.#f64[version + versionPosition] = 0
    const source = this.#sourceWords
    // A shifted copy looks at one word more.
    if (lengthBytes <= loopBytes && start + lengthBytes + 4 <= source.length * 4) {
      copyWords(this.#i32, words + versionHeaderWords, { source, start, lengthBytes })
      return
    }
    const { memory } = this.#engine
    const target = memory.offsetOf(version) + versionHeaderBytes
    this.#source.copy(memory.windowOf(version), target, start, start + lengthBytes)
  }

  /** Frees the tuples of removed keys, but for the highest, to which new keys are compared. */
  #sweep(table: LoadedTable): void {
    const { tuples, highest } = table
    let kept = 0
    for (let at = 0; at < table.count; at++) {
      const tuple = tuples[at]!
      if (tuple === highest || this.#i32[(tuple << 1) + tupleHead] !== 0) tuples[kept++] = tuple
      else this.#free(tuple)
    }
    this.#created -= table.count - kept
    table.absent -= table.count - kept
    table.count = kept
    this.#known = undefined
  }

  #free(tuple: number): void {
    const engine = this.#engine
    engine.readKey(tuple)
    engine.directory.remove(engine.reviveKey.hash, tuple)
    this.#u64[tuple] = BigInt(wordState.dead)
    engine.context.arena.free(tuple)
  }
}

function grown(tuples: Int32Array): Int32Array {
  const larger = new Int32Array(tuples.length * 2)
  larger.set(tuples)
  return larger
}

/**
 * Copies bytes that may begin in the middle of a word to the beginning of one; up to three more follow them.
 */
function copyWords(
  target: Int32Array,
  at: number,
  { source, start, lengthBytes }: { source: Int32Array; start: number; lengthBytes: number },
): void {
  const words = (lengthBytes + 3) >> 2
  const first = start >> 2
  const shift = (start & 3) << 3
  if (shift === 0) {
    for (let i = 0; i < words; i++) target[at + i] = source[first + i]!
    return
  }
  for (let i = 0; i < words; i++)
    target[at + i] = (source[first + i]! >>> shift) | (source[first + i + 1]! << (32 - shift))
}
