import { siteLimit } from '../tid/stamp.js'

/**
 * The journal's ring: one shared buffer between the threads that commit and the one that writes.
 *
 *     header | a slot for each site | data: capacity bytes, used round and round
 *
 *     durable <= written <= tail <= claimed        (positions; all but `claimed` and `tail` are the
 *         |          |        |         |           writer's to change)
 *         |          |        |         room promised to commits that have no position yet
 *         |          |        the next position
 *         |          in the file
 *         synced
 *
 * The *writer* is the one thread that writes the file: the journal thread, or for a moment one that commits.
 *
 * A *position* counts bytes since the journal's beginning. Frames begin at multiples of 8, so shared counters
 * count units of 8 bytes, modulo 2^32: a claim is one 32-bit addition. Positions are made whole again from
 * `written`, from which they are never further away than the capacity. Whether there is room is asked of
 * `releasedUnits`, whose atomic store comes after the zeroing of what it releases; it is behind `written`
 * only while the writer zeroes.
 *
 * A frame is *published* by its first word becoming other than 0, after everything else of it was written.
 * The writer takes published frames in order, and zeroes their room before it releases it.
 */
export const unitBytes = 8

/** Words that different threads write are in cache lines of their own, sixteen words long. */
export const ringHeader = {
  magic: 0,
  version: 1,
  capacityBytes: 2,
  /** See `ringState`. */
  state: 16,
  failing: 17,
  failureBytes: 18,
  /** The operating system's number of the journal thread, or 0 where it does not tell. */
  nativeThread: 19,
  /** See `writerSleep`. The journal thread waits on this word. */
  sleep: 32,
  /** Set by whoever waits for something to become durable. */
  demand: 33,
  /** How often a new segment was asked for. */
  segmentsAsked: 34,
  /** Grows whenever `durable` does, or the state changes: who waits for durability waits on this word. */
  durableCount: 48,
  /** Grows whenever `released` does, or the state changes: who waits for room waits on this word. */
  releasedCount: 64,
  /** The site that has waited long for room, before which nobody else claims any; or 0. */
  pressing: 65,
  claimedUnits: 80,
  tailUnits: 96,
  releasedUnits: 112,
  /** `segmentsAsked` as it was when the last new segment was begun: who waits for one waits on this word. */
  segmentsBegun: 113,
  /** 64-bit floats, which only the writer writes; others may see them late. The first are `segmentState`. */
  written: 114,
  durable: 116,
  segment: 118,
  segmentOffset: 120,
  segmentFileBytes: 122,
  syncs: 124,
  /** The writer's number as a thread of the system, or 0. The journal thread waits on it for its turn. */
  writer: 128,
  failure: 1024,
} as const

export const failureLimitBytes = 2048

/** `closing` refuses new claims; `closed` and `failed` are for ever. */
export const ringState = { open: 0, closing: 1, closed: 2, failed: 3 } as const

/** What wakes the journal thread: nothing need, anything published, only demand or a ring half full. */
export const writerSleep = { awake: 0, idle: 1, pacing: 2 } as const

/**
 * What a site has claimed and not yet used; or has taken, and the first word of the frame once it is
 * written.
 */
export const ringSlot = { claimedUnits: 0, takenUnits: 1, takenAt: 2, word: 3 } as const
export const ringSlotWords = 4

const slotsStart = 2048
const dataStart = slotsStart + ringSlotWords * (siteLimit + 1)
/** First byte of the data, on a page of its own. */
export const ringDataBytes: number = Math.ceil((dataStart * 4) / 4096) * 4096

export const ringMagic = 0x746d_7267
export const ringVersion = 2

/** First word of a site's slot. */
export function ringSlotOf(site: number): number {
  return slotsStart + ringSlotWords * site
}

export const capacityMinBytes: number = 64 * 1024
export const capacityMaxBytes: number = 1024 ** 3
