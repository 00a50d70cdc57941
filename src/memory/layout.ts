import { siteLimit } from '../tid/stamp.js'
import { siteTableWords } from '../tid/siteTable.js'
import { sizeClassCount } from './sizeClasses.js'

/**
 * Where everything lies in the shared buffer. All numbers of this file are indexes or lengths in 32-bit
 * words.
 *
 *     header | site table | site areas | catalog | chunk table | directory | chunks ...
 *
 * Memory is committed by the operating system when first touched, so regions are laid out for their largest
 * use. An *address* is the index of an 8-byte word (so a word index is `address << 1`); 0 is no address.
 */
export type Address = number

export const chunkBytes: number = 64 * 1024
export const chunkAddressShift = 13
/** Every size class in use takes a chunk of its own, for each site. */
export const memoryLimitMinBytes: number = 4 * 1024 * 1024
/** Word indexes stay below 2^31, V8's small integers. */
export const memoryLimitMaxBytes: number = 7 * 1024 ** 3

export const magicNumber = 0x7464_6d6b
export const layoutVersion = 1

export const header = {
  magic: 0,
  version: 1,
  chunkCount: 2,
  chunkTop: 3,
  chunksFreed: 4,
  chunkRover: 5,
  poolLatch: 6,
  depotLatch: 7,
  catalogLatch: 8,
  catalogCount: 9,
  directoryLevel: 10,
  recoveryLatch: 11,
  /** How many buckets were spread since the directory was last doubled. */
  directorySpread: 12,
  closed: 13,
  /** Sleepers wait on this word, which nobody changes. */
  sleep: 14,
  /** Set when the removal of a node has ended halfway, in whichever table. */
  removalUnfinished: 15,
  limitBytes: 16,
  depots: 64,
  /** Latches for changes in the middle of chains of versions; a tuple's is one of them. */
  chainLatches: 512,
} as const
export const chainLatchCount = 64
export const headerWords = 1024

/** Block kinds: tuples have slabs of their own, so that a stale tuple address always leads to a tuple. */
export const blockKind = { data: 0, tuple: 1 } as const
export const slabCount: number = sizeClassCount * 2

export const siteArea = {
  usedBytes: 0,
  chunkIntent: 2,
  /** Of `loadFence`; always 0. */
  fence: 3,
  commitPhase: 4,
  commitList: 5,
  commitCapacity: 6,
  commitCount: 7,
  commitStamp: 8,
  indexNode: 10,
  indexNewNode: 11,
  indexNewBlock: 12,
  indexOldBlock: 13,
  lockers: 14,
  tupleCount: 20,
  newTuple: 21,
  /** A node that is out of the tree, and not yet retired. */
  indexOldNode: 22,
  commitDone: 23,
  commitLocker: 24,
  unlinkedTuple: 25,
  unlinkStamp: 26,
  blockInHand: 28,
  /** Catalog entry of the table whose index is being changed. */
  indexEntry: 32,
  /** The leaf that an insertion or removal latches. */
  indexLatched: 33,
  /** The leaves that the removal of a leaf latches: left, the leaf, right. */
  indexRemovalLatches: 35,
  /** Rest of a free list that a reclamation is looking through, and its slab + 1. */
  sifting: 38,
  siftingSlab: 39,
  /** Blocks written for the removal of a node that has not begun. */
  indexPrepared: 40,
  counters: 48,
  /** Ends of the queue of what is retired, and of that of what held snapshots keep: see `RetiredQueue`. */
  retiredEnds: 64,
  keptEnds: 72,
  /** An entry is being moved to the end of the queue of what is kept, from this `keptMove`. */
  keptMove: 80,
  magazines: 128,
} as const
export const magazineWords = 8
export const siteAreaWords = 2048
/** Whence an entry is being moved: from the queue of what is retired, or that of what is kept itself. */
export const keptMove = { none: 0, fromRetired: 1, fromKept: 2 } as const
export const removalLatchCount = 3
export const preparedCount = 3

export const catalogEntryWords = 32
export const tableLimit = 4095

const siteTableStart = headerWords
const siteAreasStart = siteTableStart + siteTableWords
const catalogStart = siteAreasStart + siteAreaWords * (siteLimit + 1)
const chunkTableStart = catalogStart + catalogEntryWords * (tableLimit + 1)

export interface Layout {
  readonly siteTableStart: number
  readonly siteAreasStart: number
  readonly catalogStart: number
  readonly chunkTableStart: number
  readonly directoryStart: number
  readonly directoryLevelMax: number
  readonly firstChunk: number
  readonly chunkCount: number
  readonly totalBytes: number
}

/** Words may be fetched ahead from beyond the last block. */
const slackBytes = 4096

/** Words of a directory bucket: eight pairs of hash and tuple address, one cache line. */
export const bucketWords = 16

/**
 * `limitBytes` counts the chunks alone, which hold all data; the fixed regions and the directory come on top.
 */
export function layoutOf(limitBytes: number): Layout {
  const chunkCount = Math.floor(limitBytes / chunkBytes)
  const directoryStart = alignUp(chunkTableStart + chunkCount * 2, 16)
  // An eighth of the data, so that with the largest limit all word indexes stay below 2^31.
  const directoryLevelMax = Math.max(4, Math.floor(Math.log2(limitBytes / 8 / (bucketWords * 4))))
  const chunksStart = alignUp(directoryStart + bucketWords * 2 ** directoryLevelMax, chunkBytes / 4)
  const firstChunk = chunksStart / (chunkBytes / 4)
  return {
    siteTableStart,
    siteAreasStart,
    catalogStart,
    chunkTableStart,
    directoryStart,
    directoryLevelMax,
    firstChunk,
    chunkCount,
    totalBytes: chunksStart * 4 + chunkCount * chunkBytes + slackBytes,
  }
}

function alignUp(value: number, step: number): number {
  return Math.ceil(value / step) * step
}
