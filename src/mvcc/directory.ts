import { bucketWords, chunkAddressShift, header } from '../memory/layout.js'
import type { SharedMemory } from '../memory/sharedMemory.js'
import type { KeyBuffer } from './keyBuffer.js'
import { stateMask, tupleKey, wordState } from './tuple.js'

/** Buckets are doubled when they hold more than this on average, of eight. */
const bucketLoad = 6
/** `fit` is to be called when a count of new tuples has none of these bits: with every 64th. */
export const fitMask = 63
/** So many buckets are spread at once, and the tuples of so many are fetched together. */
const bucketsSpread = 64
const bucketsFetched = 8
const levelMin = 4

/**
 * The hash directory: from a key straight to its tuple, one cache line away.
 *
 * It is a hint, not the truth; the ordered index is. Entries are plain stores that may be lost, torn, or
 * stale: a found tuple counts only if it is not dead and its key is the key sought, and whoever does not find
 * a key here asks the index and enters what it finds. So the directory needs no latch and no recovery.
 */
export class Directory {
  readonly #i32: Int32Array
  readonly #start: number
  readonly #levelMax: number
  /** Keeps what was fetched ahead, so that the fetch is not optimized away. */
  touched = 0

  constructor(memory: SharedMemory) {
    this.#i32 = memory.i32
    this.#start = memory.layout.directoryStart
    this.#levelMax = memory.layout.directoryLevelMax
    Atomics.compareExchange(this.#i32, header.directoryLevel, 0, levelMin)
  }

  /**
   * A tuple whose key probably has this hash, or 0. It may be dead, or of another key: see `isTupleOf`. Only
   * tuples found alive, in an open transaction, are ever entered: see `purge`.
   */
  hint(hash: number): number {
    const level = this.#i32[header.directoryLevel]!
    const bucket = hash & ((1 << level) - 1)
    const first = this.#start + bucket * bucketWords
    const found = this.#probe(first, hash)
    return found === 0 ? this.#hintElsewhere(hash, level, bucket) : found
  }

  /** Fetches the bucket of a hash into the cache; the answer means nothing. */
  touch(hash: number): number {
    const mask = (1 << this.#i32[header.directoryLevel]!) - 1
    return this.#i32[this.#start + (hash & mask) * bucketWords]!
  }

  /** The live tuple of the key, or 0 if there is none or the directory does not know it. */
  find(key: KeyBuffer): number {
    const tuple = this.hint(key.hash)
    return tuple !== 0 && this.isTupleOf(tuple, key) ? tuple : 0
  }

  /** Notes where the tuple of a key with this hash is. */
  enter(hash: number, tuple: number): void {
    const i32 = this.#i32
    const mask = (1 << i32[header.directoryLevel]!) - 1
    const bucket = hash & mask
    let slot = this.#vacant(bucket, hash, mask)
    if (slot < 0) slot = this.#vacant(bucket ^ 1, hash, mask)
    if (slot < 0) slot = this.#start + bucket * bucketWords + ((hash >>> 24) & 7) * 2
    i32[slot] = hash
    i32[slot + 1] = tuple
  }

  /** As `enter`, for several: their buckets are fetched all at once. */
  enterAll(hashes: Int32Array, tuples: Int32Array, count: number): void {
    let touched = 0
    for (let i = 0; i < count; i++) touched ^= this.touch(hashes[i]!)
    this.touched = touched
    for (let i = 0; i < count; i++) this.enter(hashes[i]!, tuples[i]!)
  }

  /**
   * Forgets all tuples in these chunks, which hold no live one. A transaction that is open may still hold the
   * address of one, from before; those that begin later cannot. Linear in the size of the directory.
   */
  purge(chunks: ReadonlySet<number>): void {
    const i32 = this.#i32
    const end = this.#start + bucketWords * 2 ** Atomics.load(i32, header.directoryLevel)
    for (let slot = this.#start; slot < end; slot += 2) {
      if (chunks.has((i32[slot + 1]! >>> chunkAddressShift) << chunkAddressShift)) i32[slot + 1] = 0
    }
  }

  /** Forgets a tuple that is about to be freed. */
  remove(hash: number, tuple: number): void {
    const mask = (1 << this.#i32[header.directoryLevel]!) - 1
    this.#removeFrom(hash & mask, tuple)
    this.#removeFrom((hash ^ 1) & mask, tuple)
    this.#removeFrom(hash & (mask >>> 1), tuple)
  }

  /**
   * Makes the directory large enough for so many tuples. It never shrinks. To be called as `fitMask` says,
   * with a transaction open: when the directory has doubled, each call spreads some of its buckets,
   * that is, copies the entries whose bucket is another one now. Until then they are found in the old one.
   * Threads may do that at the same time, or die in it: what is not spread is found anew through the index.
   */
  fit(tupleCount: number): void {
    const i32 = this.#i32
    const level = Atomics.load(i32, header.directoryLevel)
    this.#spreadSome(level)
    if (level === this.#levelMax || tupleCount <= bucketLoad * 2 ** level) return
    while (this.#spreadSome(level));
    Atomics.store(i32, header.directorySpread, 0)
    Atomics.compareExchange(i32, header.directoryLevel, level, level + 1)
  }

  /** Spreads some of the buckets that there were before it grew to this level. False if none is left. */
  #spreadSome(level: number): boolean {
    const buckets = 1 << (level - 1)
    if (Atomics.load(this.#i32, header.directorySpread) >= buckets) return false
    const first = Atomics.add(this.#i32, header.directorySpread, bucketsSpread)
    const mask = (1 << level) - 1
    for (let bucket = first; bucket < Math.min(first + bucketsSpread, buckets); bucket += bucketsFetched) {
      for (let i = 0; i < bucketsFetched; i++) this.#fetchAlive(bucket + i)
      for (let i = 0; i < bucketsFetched; i++) this.#spread(bucket + i, mask)
    }
    return true
  }

  /** Fetches the tuples of a bucket into the cache, all at once. */
  #fetchAlive(bucket: number): void {
    const i32 = this.#i32
    const first = this.#start + bucket * bucketWords
    let touched = 0
    for (let slot = first; slot < first + bucketWords; slot += 2) touched ^= i32[i32[slot + 1]! << 1]!
    this.touched = touched
  }

  /** Copies those entries of a bucket that belong to another one now. */
  #spread(bucket: number, mask: number): void {
    const i32 = this.#i32
    const first = this.#start + bucket * bucketWords
    for (let slot = first; slot < first + bucketWords; slot += 2) {
      const tuple = i32[slot + 1]!
      const hash = i32[slot]!
      const isElsewhere = (hash & mask) >>> 1 !== bucket >>> 1
      if (tuple !== 0 && isElsewhere && (Atomics.load(i32, tuple << 1) & stateMask) !== wordState.dead)
        this.enter(hash, tuple)
    }
  }

  get sizeBytes(): number {
    return bucketWords * 4 * 2 ** this.#i32[header.directoryLevel]!
  }

  /**
   * A key whose bucket is full lies in the neighbour; one that is not spread yet where it was before the last
   * doubling. Whoever finds one there helps to spread, so that it ends even where nothing new comes.
   */
  #hintElsewhere(hash: number, level: number, bucket: number): number {
    const first = this.#start + bucket * bucketWords
    if (this.#i32[first + bucketWords - 1] !== 0) {
      const found = this.#probe(this.#start + (bucket ^ 1) * bucketWords, hash)
      if (found !== 0) return found
    }
    const before = hash & ((1 << (level - 1)) - 1)
    if (before === bucket) return 0
    const moved =
      this.#probe(this.#start + before * bucketWords, hash) ||
      this.#probe(this.#start + (before ^ 1) * bucketWords, hash)
    if (moved !== 0) this.#spreadSome(level)
    return moved
  }

  #probe(first: number, hash: number): number {
    const i32 = this.#i32
    for (let slot = first, end = first + bucketWords; slot < end; slot += 2)
      if (i32[slot] === hash) return i32[slot + 1]!
    return 0
  }

  /**
   * Whether the tuple is alive and of this key. The state is read first: a tuple alive now is not reused
   * while the caller's transaction is open, so the key read afterwards is its key.
   */
  isTupleOf(tuple: number, key: KeyBuffer): boolean {
    return (Atomics.load(this.#i32, tuple << 1) & stateMask) !== wordState.dead && this.hasKey(tuple, key)
  }

  /** Whether the tuple's key is this one. */
  hasKey(tuple: number, key: KeyBuffer): boolean {
    const i32 = this.#i32
    const words = key.words
    const base = tuple << 1
    for (let i = 0, end = key.wordCount; i < end; i++) if (i32[base + tupleKey + i] !== words[i]) return false
    return true
  }

  /**
   * A slot that is empty, or holds an entry of this hash already; if there is none, one that another bucket
   * should hold, and may not yet.
   */
  #vacant(bucket: number, hash: number, mask: number): number {
    const i32 = this.#i32
    const first = this.#start + bucket * bucketWords
    let misplaced = -1
    for (let slot = first; slot < first + bucketWords; slot += 2) {
      const found = i32[slot]!
      if (i32[slot + 1] === 0 || found === hash) return slot
      if ((found & mask) >>> 1 !== bucket >>> 1) misplaced = slot
    }
    return misplaced
  }

  #removeFrom(bucket: number, tuple: number): void {
    const i32 = this.#i32
    const first = this.#start + bucket * bucketWords
    for (let slot = first; slot < first + bucketWords; slot += 2)
      if (i32[slot + 1] === tuple) i32[slot + 1] = 0
  }
}
