import { chunkBytes, slabCount } from './layout.js'
import { sizeClassCount, sizeOfClass } from './sizeClasses.js'

/** Words of a free block, beside the first two, which belong to whoever may still look at the block. */
export const nextWord = 2
export const nextMagazineWord = 3

/**
 * Words of a site's magazines of one slab; `bump` and `bumpEnd` are the unused rest of the chunk last taken.
 */
export const loaded = 0
export const loadedCount = 1
export const spare = 2
export const bump = 3
export const bumpEnd = 4

/**
 * Words of a slab's depot: full magazines that any site may take, and those that a reclamation has looked
 * through.
 */
export const depotHead = 0
export const depotSifted = 1
export const depotWords = 2

const magazineBytes = 16 * 1024

/** Blocks of a full magazine, by slab: about 16 KiB, from 2 to 64. */
export const magazineSize: Int32Array = new Int32Array(slabCount)
for (let slab = 0; slab < slabCount; slab++) {
  magazineSize[slab] = Math.max(
    2,
    Math.min(64, Math.floor(magazineBytes / sizeOfClass[slab % sizeClassCount]!)),
  )
}

/** Size of a slab's blocks. */
export const slabBlockBytes: Int32Array = new Int32Array(slabCount)
for (let slab = 0; slab < slabCount; slab++) slabBlockBytes[slab] = sizeOfClass[slab % sizeClassCount]!

export function blocksPerChunk(slab: number): number {
  return Math.floor(chunkBytes / slabBlockBytes[slab]!)
}
