import type { ChunkPool } from './chunkPool.js'
import { chunkAddressShift, header, magazineWords, siteArea, slabCount } from './layout.js'
import type { Latches } from './latch.js'
import {
  blocksPerChunk,
  bump,
  bumpEnd,
  depotHead,
  depotSifted,
  depotWords,
  loaded,
  loadedCount,
  magazineSize,
  nextMagazineWord,
  nextWord,
  slabBlockBytes,
  spare,
} from './magazine.js'
import type { SharedMemory } from './sharedMemory.js'
import { sizeClassCount } from './sizeClasses.js'

/** A reclamation looks at every free block: not again before this time. */
const intervalMs = 10

const none: ReadonlySet<number> = new Set()

/**
 * Gives chunks whose blocks are all free back to the pool, so that memory freed in one size serves another.
 * It runs when the pool is empty, by the site that needs a chunk, over the depots, its own magazines, and
 * what sites that left have not used up; what others hold in theirs, a few hundred blocks, stays. Tuples'
 * chunks are claimed, for the site to retire when it is not in the middle of an allocation: somebody may
 * still look for tuples there.
 *
 * Blocks are moved one by one, through `sifted` lists, and what is dropped is counted in the chunk's table
 * entry, so a death in the middle loses nothing: `completeReclaim` puts the lists together, and the next
 * reclamation goes on.
 */
export class Reclaimer {
  readonly #i32: Int32Array
  readonly #pool: ChunkPool
  readonly #latches: Latches
  readonly #site: number
  readonly #area: number
  #lastMs = Number.NEGATIVE_INFINITY
  /** Chunks that held tuples, which this site has claimed and is to retire. */
  readonly claimed: number[] = []
  /** Calls with the areas of sites that nobody uses, each of which belongs to the caller meanwhile. */
  forAbandoned: ((visit: (area: number) => void) => void) | undefined

  constructor(memory: SharedMemory, pool: ChunkPool, latches: Latches, site: number) {
    this.#i32 = memory.i32
    this.#pool = pool
    this.#latches = latches
    this.#site = site
    this.#area = memory.siteAreaOf(site)
  }

  /** True if the pool has chunks now. Linear in the number of free blocks. */
  reclaim(): boolean {
    if (performance.now() - this.#lastMs < intervalMs) return false
    this.#latches.acquire(header.depotLatch)
    try {
      this.forAbandoned?.((area) => this.#takeOver(area))
      const releasable = this.#findReleasable()
      const chunks = new Set(releasable)
      for (const slab of new Set(releasable.map((chunk) => this.#pool.slabOf(chunk))))
        this.#sift(slab, chunks)
      let released = 0
      for (const chunk of releasable) {
        if (this.#pool.slabOf(chunk) >= sizeClassCount) {
          this.#pool.claim(chunk, this.#site)
          this.claimed.push(chunk)
        } else {
          this.#pool.release(chunk)
          released++
        }
      }
      return released > 0
    } finally {
      this.#latches.release(header.depotLatch)
      this.#lastMs = performance.now()
    }
  }

  /** Chunks of which every block is free and within reach. */
  #findReleasable(): number[] {
    const free = new Map<number, number>()
    const count = (list: number) => {
      for (let block = list; block !== 0; block = this.#i32[(block << 1) + nextWord]!) {
        const chunk = chunkOf(block)
        free.set(chunk, (free.get(chunk) ?? this.#pool.droppedOf(chunk)) + 1)
      }
    }
    for (const chunk of this.#pool.chunksWithDropped()) free.set(chunk, this.#pool.droppedOf(chunk))
    for (let slab = 0; slab < slabCount; slab++) {
      const magazine = this.#magazineOf(slab)
      count(this.#i32[magazine + loaded]!)
      count(this.#i32[magazine + spare]!)
      for (
        let full = this.#i32[depotOf(slab) + depotHead]!;
        full !== 0;
        full = this.#i32[(full << 1) + nextMagazineWord]!
      )
        count(full)
    }
    const releasable: number[] = []
    for (const [chunk, blocks] of free)
      if (blocks === blocksPerChunk(this.#pool.slabOf(chunk))) releasable.push(chunk)
    return releasable
  }

  /** Takes all free blocks of a site that left, and the unused rests of its chunks. */
  #takeOver(area: number): void {
    const i32 = this.#i32
    const sifting = this.#area + siteArea.sifting
    for (let slab = 0; slab < slabCount; slab++) {
      const magazine = area + siteArea.magazines + slab * magazineWords
      const isEmpty = i32[magazine + loaded] === 0 && i32[magazine + spare] === 0
      if (isEmpty && i32[magazine + bump] === i32[magazine + bumpEnd]) continue
      i32[this.#area + siteArea.siftingSlab] = slab + 1
      i32[sifting] = i32[magazine + loaded]!
      i32[magazine + loaded] = 0
      i32[magazine + loadedCount] = 0
      this.#siftList(slab, none)
      i32[sifting] = i32[magazine + spare]!
      i32[magazine + spare] = 0
      this.#siftList(slab, none)
      this.#cutRest(magazine, slabBlockBytes[slab]! >> 3)
      this.#siftList(slab, none)
      restoreSifted(i32, depotOf(slab))
      i32[this.#area + siteArea.siftingSlab] = 0
    }
  }

  /** Makes blocks of what is left of a chunk. */
  #cutRest(magazine: number, words: number): void {
    const i32 = this.#i32
    const sifting = this.#area + siteArea.sifting
    while (i32[magazine + bump] !== i32[magazine + bumpEnd]) {
      const block = i32[magazine + bump]!
      i32[(block << 1) + nextWord] = i32[sifting]!
      i32[magazine + bump] = block + words
      i32[sifting] = block
    }
  }

  /** Takes the blocks of the chunks out of all lists of the slab. */
  #sift(slab: number, chunks: ReadonlySet<number>): void {
    const i32 = this.#i32
    const magazine = this.#magazineOf(slab)
    const depot = depotOf(slab)
    const sifting = this.#area + siteArea.sifting
    i32[this.#area + siteArea.siftingSlab] = slab + 1
    i32[sifting] = i32[magazine + loaded]!
    i32[magazine + loaded] = 0
    i32[magazine + loadedCount] = 0
    this.#siftList(slab, chunks)
    i32[sifting] = i32[magazine + spare]!
    i32[magazine + spare] = 0
    this.#siftList(slab, chunks)
    while (i32[depot + depotHead] !== 0) {
      const full = i32[depot + depotHead]!
      i32[depot + depotHead] = i32[(full << 1) + nextMagazineWord]!
      i32[sifting] = full
      this.#siftList(slab, chunks)
    }
    i32[depot + depotHead] = i32[depot + depotSifted]!
    i32[depot + depotSifted] = 0
    i32[this.#area + siteArea.siftingSlab] = 0
  }

  /**
   * Moves the blocks of the list being sifted to full magazines and the site's own, except those of the
   * chunks.
   */
  #siftList(slab: number, chunks: ReadonlySet<number>): void {
    const i32 = this.#i32
    const sifting = this.#area + siteArea.sifting
    while (i32[sifting] !== 0) {
      const block = i32[sifting]!
      const isDropped = chunks.has(chunkOf(block))
      if (isDropped) {
        const dropped = this.#pool.droppedIndex(block)
        i32[sifting] = i32[(block << 1) + nextWord]!
        i32[dropped]!++
      } else {
        keep(i32, this.#area, slab)
      }
    }
  }

  #magazineOf(slab: number): number {
    return this.#area + siteArea.magazines + slab * magazineWords
  }
}

/**
 * After the death of a site that was reclaiming: puts the lists of its slab together again, as it would have
 * done, in its own magazines. So a death in the middle of this leaves what the first one left. Under the
 * depot latch.
 */
export function completeReclaim(i32: Int32Array, area: number): void {
  const slab = i32[area + siteArea.siftingSlab]! - 1
  if (slab < 0) return
  while (i32[area + siteArea.sifting] !== 0) keep(i32, area, slab)
  restoreSifted(i32, depotOf(slab))
  i32[area + siteArea.siftingSlab] = 0
}

/**
 * Moves the first block of the list being sifted to the magazine of the site of this area. That may be full
 * when this begins, as it may after `Arena.free`.
 */
function keep(i32: Int32Array, area: number, slab: number): void {
  const magazine = area + siteArea.magazines + slab * magazineWords
  const block = i32[area + siteArea.sifting]!
  if (i32[magazine + loadedCount]! >= magazineSize[slab]!) {
    const sifted = depotOf(slab) + depotSifted
    const full = i32[magazine + loaded]!
    i32[(full << 1) + nextMagazineWord] = i32[sifted]!
    i32[sifted] = full
    i32[magazine + loaded] = 0
    i32[magazine + loadedCount] = 0
  }
  i32[area + siteArea.sifting] = i32[(block << 1) + nextWord]!
  i32[(block << 1) + nextWord] = i32[magazine + loaded]!
  i32[magazine + loaded] = block
  i32[magazine + loadedCount]!++
}

/** Puts the magazines that were looked through back beside those that were not. */
function restoreSifted(i32: Int32Array, depot: number): void {
  while (i32[depot + depotSifted] !== 0) {
    const full = i32[depot + depotSifted]!
    i32[depot + depotSifted] = i32[(full << 1) + nextMagazineWord]!
    i32[(full << 1) + nextMagazineWord] = i32[depot + depotHead]!
    i32[depot + depotHead] = full
  }
}

function depotOf(slab: number): number {
  return header.depots + slab * depotWords
}

/** The chunk of a block, by its address. */
function chunkOf(block: number): number {
  return (block >>> chunkAddressShift) << chunkAddressShift
}
