import type { Arena } from '../../memory/arena.js'
import { blockKind, siteArea } from '../../memory/layout.js'
import type { SharedMemory } from '../../memory/sharedMemory.js'
import { tupleKeyByte } from '../tuple.js'
import {
  blockBounds,
  blockCount,
  blockHeads,
  blockLevel,
  blockPrefix,
  type BlockReader,
  blockRight,
  entryLimit,
  headOf,
  type KeyBytes,
  levelDead,
  noHigh,
  prefixAndCapacity,
  unusedHead,
} from './block.js'

export interface BlockParts {
  readonly level: number
  readonly right: number
  readonly low: KeyBytes
  readonly high: KeyBytes | undefined
  readonly targets: readonly number[]
  /** The key of each entry; of an inner node's, the separator. */
  readonly keys: readonly KeyBytes[]
  /** How many more entries a leaf is to have room for. */
  readonly room?: number
}

const roomMin = 8
/**
 * Where keys come in order, their last bytes are no part of the prefix: it would fit the next key no more.
 */
const sequenceBytes = 5

/** For how many entries more than these a leaf gets room when keys come in order. */
export function roomFor(count: number): number {
  return Math.min(entryLimit, Math.max(roomMin, 2 * count)) - count
}

export const emptyKey: KeyBytes = { bytes: new Uint8Array(0), start: 0, length: 0 }

/**
 * Writes new blocks. A written block is noted in the site's `indexNewBlock` until the tree has published it,
 * so that a recoverer frees it if this thread dies before.
 */
export class BlockWriter {
  readonly #reader: BlockReader
  readonly #memory: SharedMemory
  readonly #i32: Int32Array
  readonly #arena: Arena
  readonly #newBlockWord: number

  constructor(reader: BlockReader, arena: Arena, area: number) {
    this.#reader = reader
    this.#memory = reader.memory
    this.#i32 = reader.i32
    this.#arena = arena
    this.#newBlockWord = area + siteArea.indexNewBlock
  }

  build(parts: BlockParts): number {
    const { level, right, low, high, targets, keys } = parts
    const count = targets.length
    const capacity = count + (parts.room ?? 0)
    const first = keys[level > 0 ? 1 : 0] ?? emptyKey
    const last = keys[count - 1] ?? emptyKey
    const common = commonPrefix(first, last)
    const prefixLength = parts.room ? Math.max(0, Math.min(common, last.length - sequenceBytes)) : common
    const separatorBytes = level > 0 ? keys.reduce((sum, key) => sum + key.length, 0) : 0
    const tail = prefixLength + low.length + (high?.length ?? 0) + separatorBytes
    const headWords = blockHeads + (level > 0 ? 3 : 2) * capacity
    const block = this.#allocate(headWords * 4 + tail)
    const i32 = this.#i32
    const bounds = low.length | ((high === undefined ? noHigh : high.length) << 16)
    const prefix = prefixAndCapacity(prefixLength, capacity, parts.room ?? 0)
    this.#setHeader(block, { count, right, level, bounds, prefix })
    const heads = (block << 1) + blockHeads
    for (let i = 0; i < count; i++) {
      const key = keys[i]!
      i32[heads + i] = headOf(key.bytes, key.start + prefixLength, key.start + key.length)
      i32[heads + capacity + i] = targets[i]!
    }
    this.clearUnused(block)
    const window = this.#memory.windowOf(block)
    let offset = this.#memory.offsetOf(block) + headWords * 4
    offset = copyBytes(window, offset, first, prefixLength)
    offset = copyBytes(window, offset, low, low.length)
    if (high !== undefined) offset = copyBytes(window, offset, high, high.length)
    if (level === 0) return block
    let end = 0
    for (let i = 0; i < count; i++) {
      offset = copyBytes(window, offset, keys[i]!, keys[i]!.length)
      end += keys[i]!.length
      i32[heads + 2 * count + i] = end
    }
    return block
  }

  /**
   * The contents of a node that is out of the tree: bounds and right sibling as they were, and no entries.
   */
  buildDead(block: number): number {
    const { right, low, high } = this.partsOf(block)
    const dead = this.build({ level: 0, right, low, high, targets: [], keys: [] })
    this.#i32[(dead << 1) + blockLevel] = levelDead
    return dead
  }

  /**
   * A leaf with one more tuple, at `entry`, and room for as many more. Copies the heads, unless the key does
   * not share the prefix.
   */
  insertTuple(block: number, entry: number, tuple: number, room = 0): number {
    const key = this.#reader.keyOfTuple(tuple)
    const count = this.#i32[(block << 1) + blockCount]!
    if (count === 0 || !startsWith(key, this.#reader.prefixOf(block)))
      return this.#rebuildWith(block, entry, tuple, room)
    const copy = this.#allocateLike(block, 1, room)
    this.#copyEntries(block, 0, copy, 0, entry)
    this.#copyEntries(block, entry, copy, entry + 1, count - entry)
    this.#setEntry(copy, entry, tuple)
    return copy
  }

  /**
   * Adds a tuple behind the others of a latched leaf, in the block that readers see; false if it has no room
   * left, or the key does not share the prefix.
   */
  appendTuple(block: number, tuple: number): boolean {
    const count = this.#i32[(block << 1) + blockCount]!
    if (count === 0 || count === this.#reader.capacityOf(block) || !this.#sharesPrefix(block, tuple))
      return false
    this.#setHead(block, count, tuple)
    // Who sees the tuple's address sees the tuple as it is now, even if it has not seen the count.
    Atomics.store(this.#i32, this.#reader.targetsOf(block) + count, tuple)
    Atomics.store(this.#i32, (block << 1) + blockCount, count + 1)
    return true
  }

  /** Makes what is behind the last entry unused: whoever was adding one there has died. */
  clearUnused(block: number): void {
    const capacity = this.#reader.capacityOf(block)
    const heads = (block << 1) + blockHeads
    for (let i = this.#i32[(block << 1) + blockCount]!; i < capacity; i++) {
      this.#i32[heads + i] = unusedHead
      this.#i32[heads + capacity + i] = 0
    }
  }

  #setEntry(block: number, entry: number, tuple: number): void {
    this.#setHead(block, entry, tuple)
    this.#i32[this.#reader.targetsOf(block) + entry] = tuple
  }

  #setHead(block: number, entry: number, tuple: number): void {
    const { memory } = this.#reader
    const start = memory.offsetOf(tuple) + tupleKeyByte
    const from = start + this.#reader.prefixLength(block)
    const heads = (block << 1) + blockHeads
    this.#i32[heads + entry] = headOf(
      memory.windowOf(tuple),
      from,
      start + this.#reader.tupleKeyLength(tuple),
    )
  }

  #sharesPrefix(block: number, tuple: number): boolean {
    const { memory } = this.#reader
    const length = this.#reader.prefixLength(block)
    if (this.#reader.tupleKeyLength(tuple) < length) return false
    const prefix = memory.windowOf(block)
    const key = memory.windowOf(tuple)
    const prefixStart = this.#reader.prefixStart(block)
    const keyStart = memory.offsetOf(tuple) + tupleKeyByte
    for (let i = 0; i < length; i++) if (prefix[prefixStart + i] !== key[keyStart + i]) return false
    return true
  }

  /** A leaf with other bounds above. */
  copyOfLeaf(block: number, { right, high }: { right: number; high: KeyBytes }): number {
    const i32 = this.#i32
    const reader = this.#reader
    const count = i32[(block << 1) + blockCount]!
    const prefix = reader.prefixOf(block)
    const low = reader.lowOf(block)
    const headWords = blockHeads + 2 * count
    const copy = this.#allocate(headWords * 4 + prefix.length + low.length + high.length)
    this.#setHeader(copy, {
      count,
      right,
      level: 0,
      bounds: low.length | (high.length << 16),
      prefix: prefixAndCapacity(prefix.length, count, 0),
    })
    this.#copyEntries(block, 0, copy, 0, count)
    const window = this.#memory.windowOf(copy)
    let offset = this.#memory.offsetOf(copy) + headWords * 4
    offset = copyBytes(window, offset, prefix, prefix.length)
    offset = copyBytes(window, offset, low, low.length)
    copyBytes(window, offset, high, high.length)
    return copy
  }

  /** A leaf with another tuple of the same key at `entry`. */
  replaceTuple(block: number, entry: number, tuple: number): number {
    const count = this.#i32[(block << 1) + blockCount]!
    const copy = this.#allocateLike(block, 0)
    this.#copyEntries(block, 0, copy, 0, count)
    this.#setEntry(copy, entry, tuple)
    return copy
  }

  /** A leaf without the tuple at `entry`. */
  removeTuple(block: number, entry: number): number {
    const count = this.#i32[(block << 1) + blockCount]!
    const copy = this.#allocateLike(block, -1)
    this.#copyEntries(block, 0, copy, 0, entry)
    this.#copyEntries(block, entry + 1, copy, entry, count - entry - 1)
    return copy
  }

  /**
   * A block with other bounds or another right sibling. The first separator of an inner node is its `low`.
   */
  withBounds(block: number, change: { right?: number; low?: KeyBytes; high?: KeyBytes | undefined }): number {
    const parts = this.partsOf(block)
    const keys =
      parts.level > 0 && change.low !== undefined ? [change.low, ...parts.keys.slice(1)] : parts.keys
    return this.build({ ...parts, ...change, keys })
  }

  partsOf(block: number): BlockParts {
    const reader = this.#reader
    const words = block << 1
    const count = this.#i32[words + blockCount]!
    const level = this.#i32[words + blockLevel]!
    const targets: number[] = []
    const keys: KeyBytes[] = []
    for (let i = 0; i < count; i++) {
      const target = reader.targetOf(block, i)
      targets.push(target)
      keys.push(level === 0 ? reader.keyOfTuple(target) : reader.separatorOf(block, i))
    }
    return {
      level,
      right: this.#i32[words + blockRight]!,
      low: reader.lowOf(block),
      high: reader.highOf(block),
      targets,
      keys,
    }
  }

  /**
   * An inner node with one more child, at `entry`, which is not the first. Copies what is there, unless the
   * separator does not share the prefix.
   */
  insertSeparator(block: number, entry: number, child: number, key: KeyBytes): number {
    const reader = this.#reader
    const words = block << 1
    const count = this.#i32[words + blockCount]!
    if (count < 2 || !startsWith(key, reader.prefixOf(block)))
      return this.build(withEntry(this.partsOf(block), entry, child, key))
    const i32 = this.#i32
    const prefixLength = reader.prefixLength(block)
    const high = reader.highOf(block)
    const last = reader.separatorOf(block, count - 1)
    const fixed = prefixLength + reader.lowLength(block) + (high?.length ?? 0)
    const first = reader.separatorOf(block, 0)
    const separatorBytes = last.start + last.length - first.start
    const capacity = count + 1
    const headWords = blockHeads + 3 * capacity
    const copy = this.#allocate(headWords * 4 + fixed + separatorBytes + key.length)
    this.#setHeader(copy, {
      count: capacity,
      right: i32[words + blockRight]!,
      level: i32[words + blockLevel]!,
      bounds: i32[words + blockBounds]!,
      prefix: prefixAndCapacity(prefixLength, capacity, 0),
    })
    this.#copyEntries(block, 0, copy, 0, entry)
    this.#copyEntries(block, entry, copy, entry + 1, count - entry)
    const heads = (copy << 1) + blockHeads
    i32[heads + entry] = headOf(key.bytes, key.start + prefixLength, key.start + key.length)
    i32[heads + capacity + entry] = child
    // Where the separators end, those from the new one on later by its length.
    const ends = words + blockHeads + 2 * count
    const copyEnds = heads + 2 * capacity
    const at = i32[ends + entry - 1]!
    for (let i = 0; i < entry; i++) i32[copyEnds + i] = i32[ends + i]!
    i32[copyEnds + entry] = at + key.length
    for (let i = entry; i < count; i++) i32[copyEnds + i + 1] = i32[ends + i]! + key.length
    const from = reader.prefixStart(block)
    const before = { ...first, start: from, length: fixed + at }
    const after = { ...first, start: from + fixed + at, length: separatorBytes - at }
    const window = this.#memory.windowOf(copy)
    let offset = this.#memory.offsetOf(copy) + headWords * 4
    offset = copyBytes(window, offset, before, before.length)
    offset = copyBytes(window, offset, key, key.length)
    copyBytes(window, offset, after, after.length)
    return copy
  }

  #rebuildWith(block: number, entry: number, tuple: number, room: number): number {
    const key = this.#reader.keyOfTuple(tuple)
    return this.build({ ...withEntry(this.partsOf(block), entry, tuple, key), room })
  }

  /** A copy of a leaf's header and bytes, with `more` entries to be filled in and room for others. */
  #allocateLike(block: number, more: number, room = 0): number {
    const i32 = this.#i32
    const words = block << 1
    const count = i32[words + blockCount]!
    const high = this.#reader.highLength(block)
    const prefixLength = this.#reader.prefixLength(block)
    const tail = prefixLength + this.#reader.lowLength(block) + (high === noHigh ? 0 : high)
    const capacity = count + more + room
    const headWords = blockHeads + 2 * capacity
    const copy = this.#allocate(headWords * 4 + tail)
    this.#setHeader(copy, {
      count: count + more,
      right: i32[words + blockRight]!,
      level: 0,
      bounds: i32[words + blockBounds]!,
      prefix: prefixAndCapacity(prefixLength, capacity, room),
    })
    const from = words + blockHeads + 2 * this.#reader.capacityOf(block)
    i32.copyWithin((copy << 1) + headWords, from, from + ((tail + 3) >> 2))
    this.clearUnused(copy)
    return copy
  }

  /** `bounds` and `prefix` are the words of the block that have both lengths, or that and the capacity. */
  #setHeader(
    block: number,
    header: { count: number; right: number; level: number; bounds: number; prefix: number },
  ): void {
    const i32 = this.#i32
    const words = block << 1
    i32[words + blockCount] = header.count
    i32[words + blockRight] = header.right
    i32[words + blockLevel] = header.level
    i32[words + blockBounds] = header.bounds
    i32[words + blockPrefix] = header.prefix
  }

  #copyEntries(from: number, fromEntry: number, to: number, toEntry: number, length: number): void {
    if (length === 0) return
    const i32 = this.#i32
    const fromHeads = (from << 1) + blockHeads + fromEntry
    const toHeads = (to << 1) + blockHeads + toEntry
    const fromTargets = fromHeads + this.#reader.capacityOf(from)
    i32.copyWithin(toHeads, fromHeads, fromHeads + length)
    i32.copyWithin(toHeads + this.#reader.capacityOf(to), fromTargets, fromTargets + length)
  }

  #allocate(lengthBytes: number): number {
    const block = this.#arena.allocate(blockKind.data, (lengthBytes + 3) & ~3)
    this.#i32[this.#newBlockWord] = block
    return block
  }
}

export function withEntry(parts: BlockParts, entry: number, target: number, key: KeyBytes): BlockParts {
  const targets = [...parts.targets]
  const keys = [...parts.keys]
  targets.splice(entry, 0, target)
  keys.splice(entry, 0, key)
  return { ...parts, targets, keys }
}

export function commonPrefix(a: KeyBytes, b: KeyBytes): number {
  const shared = Math.min(a.length, b.length)
  for (let i = 0; i < shared; i++) if (a.bytes[a.start + i] !== b.bytes[b.start + i]) return i
  return shared
}

function startsWith(key: KeyBytes, prefix: KeyBytes): boolean {
  return key.length >= prefix.length && commonPrefix(key, prefix) === prefix.length
}

function copyBytes(target: Uint8Array, offset: number, source: KeyBytes, length: number): number {
  for (let i = 0; i < length; i++) target[offset + i] = source.bytes[source.start + i]!
  return offset + length
}
