import { ChunkPool } from './chunkPool.js'
import { MemoryFullError } from './errors.js'
import { type Address, chunkAddressShift, chunkBytes, header, magazineWords, siteArea } from './layout.js'
import type { Latches } from './latch.js'
import {
  bump,
  bumpEnd,
  depotHead,
  depotWords,
  loaded,
  loadedCount,
  magazineSize,
  nextMagazineWord,
  nextWord,
  slabBlockBytes,
  spare,
} from './magazine.js'
import { completeReclaim, Reclaimer } from './reclaim.js'
import type { SharedMemory } from './sharedMemory.js'
import { blockBytesMax, sizeClassCount, sizeClassOf, sizeOfClass } from './sizeClasses.js'

/**
 * The allocator, as one site uses it: slabs of equal blocks with magazines (Bonwick and Adams, "Magazines and
 * Vmem", USENIX 2001).
 *
 * A site allocates from and frees to its own `loaded` list, whoever allocated the block, without latch or
 * atomic. A full list becomes the `spare`, a second one goes to the depot of the slab, where any site finds
 * it, so memory does not pile up where it is freed. Every change below is a few stores with no call and no
 * loop in between: a thread is stopped at calls and loops only, so it leaves the lists whole
 * (docs/protocol.md, "Where a thread can die").
 */
export class Arena {
  readonly pool: ChunkPool
  readonly #memory: SharedMemory
  readonly #i32: Int32Array
  readonly #f64: Float64Array
  readonly #latches: Latches
  readonly reclaimer: Reclaimer
  readonly #area: number
  readonly #magazines: number
  readonly #chunkTable: number
  readonly #usedIndex: number

  constructor(memory: SharedMemory, site: number, latches: Latches) {
    this.#area = memory.siteAreaOf(site)
    this.pool = new ChunkPool(memory, latches, this.#area + siteArea.chunkIntent)
    this.#memory = memory
    this.#i32 = memory.i32
    this.#f64 = memory.f64
    this.#latches = latches
    this.reclaimer = new Reclaimer(memory, this.pool, latches, site)
    this.#magazines = this.#area + siteArea.magazines
    this.#chunkTable = memory.layout.chunkTableStart - memory.layout.firstChunk * 2
    this.#usedIndex = (this.#area + siteArea.usedBytes) >> 1
  }

  /**
   * A block of at least `lengthBytes`, its contents undefined. Throws `MemoryFullError`. Constant time up to
   * 32 KiB.
   */
  allocate(kind: number, lengthBytes: number): Address {
    if (lengthBytes > blockBytesMax) return this.#allocateRun(lengthBytes)
    const sizeClass = sizeClassOf(lengthBytes)
    const slab = kind * sizeClassCount + sizeClass
    const magazine = this.#magazines + slab * magazineWords
    const i32 = this.#i32
    if (i32[magazine + loaded] === 0) this.#refill(slab, magazine)
    const block = i32[magazine + loaded]!
    if (block !== 0) {
      i32[magazine + loaded] = i32[(block << 1) + nextWord]!
      i32[magazine + loadedCount]!--
      this.#f64[this.#usedIndex]! += sizeOfClass[sizeClass]!
      return block
    }
    return this.#carve(slab, magazine, lengthBytes)
  }

  /** As `allocate`, of the reserve too. */
  allocateReserved(kind: number, lengthBytes: number): Address {
    return this.withReserve(() => this.allocate(kind, lengthBytes))
  }

  /**
   * Does work that ends in freeing memory, as deletes, which may take of a reserve kept for it.
   */
  withReserve<T>(work: () => T): T {
    return this.#leaving(this.pool.keptFor.collector, work)
  }

  /** Does the collector's work, which may take all there is. */
  withLastReserve<T>(work: () => T): T {
    return this.#leaving(0, work)
  }

  #leaving<T>(chunks: number, work: () => T): T {
    const before = this.pool.keptFree
    this.pool.keptFree = Math.min(before, chunks)
    try {
      return work()
    } finally {
      this.pool.keptFree = before
    }
  }

  /** Gives a block back. The caller knows that no transaction looks at it any more. */
  free(address: Address): void {
    const i32 = this.#i32
    const slab = i32[this.#chunkTable + ((address >>> chunkAddressShift) << 1)]! - 1
    if (slab < 0) {
      this.#freeRun(address)
      return
    }
    const magazine = this.#magazines + slab * magazineWords
    if (i32[magazine + loadedCount]! >= magazineSize[slab]!) this.#unload(slab, magazine)
    this.#f64[this.#usedIndex]! -= slabBlockBytes[slab]!
    i32[(address << 1) + nextWord] = i32[magazine + loaded]!
    i32[magazine + loaded] = address
    i32[magazine + loadedCount]!++
  }

  /** Bytes that the object at the address takes, block or run. */
  sizeOf(address: Address): number {
    const slab = this.pool.slabOf(address)
    if (slab >= 0) return slabBlockBytes[slab]!
    return this.pool.lengthOf(this.pool.indexOf(address)) * chunkBytes
  }

  /** For a recoverer that has the depot latch: completes what the site of this area was doing under it. */
  completeReclaim(area: number): void {
    completeReclaim(this.#i32, area)
  }

  /** For a recoverer: whether the site of this area carves blocks from the chunk. */
  isCarved(area: number, chunk: number): boolean {
    const slab = this.pool.slabOf(chunk)
    if (slab < 0) return false
    const magazine = area + siteArea.magazines + slab * magazineWords
    return this.#i32[magazine + bump]! >>> chunkAddressShift === chunk >>> chunkAddressShift
  }

  /**
   * For a recoverer: whether the block is on top of the list of those that the site of this area has freed.
   */
  isLastFreed(area: number, block: number): boolean {
    const slab = this.pool.slabOf(block)
    if (slab < 0) return !this.pool.isTaken(this.pool.indexOf(block))
    return this.#i32[area + siteArea.magazines + slab * magazineWords + loaded] === block
  }

  #allocateRun(lengthBytes: number): Address {
    const count = Math.ceil(lengthBytes / chunkBytes)
    let address = this.pool.takeRun(count)
    if (address === 0 && this.reclaimer.reclaim()) address = this.pool.takeRun(count)
    if (address === 0) throw new MemoryFullError(lengthBytes, this.#memory.limitBytes)
    this.#f64[this.#usedIndex]! += count * chunkBytes
    this.#i32[this.#area + siteArea.chunkIntent] = 0
    return address
  }

  #freeRun(address: Address): void {
    this.#f64[this.#usedIndex]! -= this.pool.lengthOf(this.pool.indexOf(address)) * chunkBytes
    this.pool.release(address)
  }

  #refill(slab: number, magazine: number): void {
    const i32 = this.#i32
    if (i32[magazine + spare] !== 0) {
      i32[magazine + loaded] = i32[magazine + spare]!
      i32[magazine + loadedCount] = magazineSize[slab]!
      i32[magazine + spare] = 0
      return
    }
    const depot = header.depots + slab * depotWords
    if (i32[magazine + bump] !== i32[magazine + bumpEnd] || i32[depot + depotHead] === 0) return
    this.#latches.acquire(header.depotLatch)
    const full = i32[depot + depotHead]!
    if (full !== 0) {
      i32[depot + depotHead] = i32[(full << 1) + nextMagazineWord]!
      i32[magazine + loadedCount] = magazineSize[slab]!
      i32[magazine + loaded] = full
    }
    this.#latches.release(header.depotLatch)
  }

  /** Full lists only go to the depot, so a magazine there always holds `magazineSize` blocks. */
  #unload(slab: number, magazine: number): void {
    const i32 = this.#i32
    if (i32[magazine + spare] === 0) {
      if (i32[magazine + loadedCount]! < magazineSize[slab]!) return
      i32[magazine + spare] = i32[magazine + loaded]!
      i32[magazine + loaded] = 0
      i32[magazine + loadedCount] = 0
      return
    }
    const depot = header.depots + slab * depotWords
    this.#latches.acquire(header.depotLatch)
    const full = i32[magazine + spare]!
    i32[(full << 1) + nextMagazineWord] = i32[depot + depotHead]!
    i32[depot + depotHead] = full
    i32[magazine + spare] = 0
    this.#latches.release(header.depotLatch)
    if (i32[magazine + loadedCount]! >= magazineSize[slab]!) this.#unload(slab, magazine)
  }

  #carve(slab: number, magazine: number, lengthBytes: number): Address {
    const i32 = this.#i32
    const sizeClass = slab % sizeClassCount
    const words = sizeOfClass[sizeClass]! >> 3
    if (i32[magazine + bump] === i32[magazine + bumpEnd] && !this.#takeChunk(slab, magazine, words)) {
      return this.#takeLarger(slab, lengthBytes)
    }
    const block = i32[magazine + bump]!
    i32[magazine + bump] = block + words
    this.#f64[this.#usedIndex]! += sizeOfClass[sizeClass]!
    return block
  }

  #takeChunk(slab: number, magazine: number, words: number): boolean {
    let chunk = this.pool.takeForSlab(slab)
    if (chunk === 0 && this.reclaimer.reclaim()) chunk = this.pool.takeForSlab(slab)
    if (chunk === 0) return false
    const i32 = this.#i32
    i32[magazine + bumpEnd] = chunk + Math.floor(chunkBytes / 8 / words) * words
    i32[magazine + bump] = chunk
    i32[this.#area + siteArea.chunkIntent] = 0
    return true
  }

  /** When there is no chunk left: a block of a larger class that has one, however large. */
  #takeLarger(slab: number, lengthBytes: number): Address {
    const i32 = this.#i32
    const end = slab < sizeClassCount ? sizeClassCount : 2 * sizeClassCount
    for (let larger = slab + 1; larger < end; larger++) {
      const magazine = this.#magazines + larger * magazineWords
      const size = sizeOfClass[larger % sizeClassCount]!
      if (i32[magazine + loaded] === 0) this.#refill(larger, magazine)
      const block = i32[magazine + loaded]!
      if (block !== 0) {
        i32[magazine + loaded] = i32[(block << 1) + nextWord]!
        i32[magazine + loadedCount]!--
        this.#f64[this.#usedIndex]! += size
        return block
      }
      const fresh = i32[magazine + bump]!
      if (fresh === i32[magazine + bumpEnd]) continue
      i32[magazine + bump] = fresh + (size >> 3)
      this.#f64[this.#usedIndex]! += size
      return fresh
    }
    throw new MemoryFullError(lengthBytes, this.#memory.limitBytes)
  }
}
