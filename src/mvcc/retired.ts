import type { Arena } from '../memory/arena.js'
import { blockKind, siteArea } from '../memory/layout.js'
import type { SharedMemory } from '../memory/sharedMemory.js'
import type { Stamp } from '../tid/stamp.js'

/** What is to be done with a retired object once the safe stamp has passed its stamp. */
export const retiredKind = {
  /** A version or an index block: free it. */
  block: 0,
  /** A tuple taken out of the index: free it. */
  tuple: 1,
  /** A tuple that was absent: take it out of the index if it still is. */
  absent: 2,
  /** A chunk that held tuples: release it. */
  chunk: 3,
} as const

const blockBytes = 4096
const entriesPerBlock = 255
const firstEntry = 4
const entryWords = 4
const nextWord = 2

/**
 * A site's queue of what it has retired, oldest first: blocks of 255 entries (stamp, address, kind) in shared
 * memory, so that the recoverer of a dead site finds it. Written by the site alone.
 */
export class RetiredQueue {
  /** Entries pushed since its reader last set it to zero. */
  pushedCount = 0
  readonly #i32: Int32Array
  readonly #u64: BigUint64Array
  readonly #arena: Arena
  readonly #area: number

  /** `arena` is the caller's, who may be draining the queue of a dead site, `area` that site's. */
  constructor(memory: SharedMemory, arena: Arena, area: number) {
    this.#i32 = memory.i32
    this.#u64 = memory.u64
    this.#arena = arena
    this.#area = area
  }

  get isEmpty(): boolean {
    const i32 = this.#i32
    const area = this.#area
    return (
      i32[area + siteArea.retiredHead] === i32[area + siteArea.retiredTail] &&
      i32[area + siteArea.retiredHeadIndex] === i32[area + siteArea.retiredTailIndex]
    )
  }

  /** Makes sure that the next `count` pushes cannot fail for lack of memory. */
  reserve(count = 1): void {
    const i32 = this.#i32
    let tail = i32[this.#area + siteArea.retiredTail]!
    let room = tail === 0 ? 0 : entriesPerBlock - 1 - i32[this.#area + siteArea.retiredTailIndex]!
    while (room < count) {
      const next = tail === 0 ? 0 : i32[(tail << 1) + nextWord]!
      tail = next === 0 ? this.#extend(tail) : next
      room += entriesPerBlock
    }
  }

  push(kind: number, address: number, stamp: Stamp): void {
    this.reserve()
    this.pushedCount++
    const i32 = this.#i32
    const area = this.#area
    const tail = i32[area + siteArea.retiredTail]!
    const index = i32[area + siteArea.retiredTailIndex]!
    const entry = (tail << 1) + firstEntry + index * entryWords
    this.#u64[entry >> 1] = stamp
    i32[entry + 2] = address
    i32[entry + 3] = kind
    if (index === entriesPerBlock - 1) {
      i32[area + siteArea.retiredTail] = i32[(tail << 1) + nextWord]!
      i32[area + siteArea.retiredTailIndex] = 0
    } else {
      i32[area + siteArea.retiredTailIndex] = index + 1
    }
  }

  /** Stamp of the oldest entry. The queue is not empty. */
  get headStamp(): Stamp {
    return this.#u64[this.#headEntry() >> 1]!
  }

  get headAddress(): number {
    return this.#i32[this.#headEntry() + 2]!
  }

  get headKind(): number {
    return this.#i32[this.#headEntry() + 3]!
  }

  /** Drops the oldest entry. */
  shift(): void {
    const i32 = this.#i32
    const area = this.#area
    const index = i32[area + siteArea.retiredHeadIndex]! + 1
    if (index < entriesPerBlock) {
      i32[area + siteArea.retiredHeadIndex] = index
      return
    }
    const block = i32[area + siteArea.retiredHead]!
    i32[area + siteArea.retiredHead] = i32[(block << 1) + nextWord]!
    i32[area + siteArea.retiredHeadIndex] = 0
    this.#arena.free(block)
  }

  /** Whether the youngest entry is of this address: tells a recoverer if a push was done. */
  endsWith(address: number): boolean {
    const i32 = this.#i32
    const tail = i32[this.#area + siteArea.retiredTail]!
    const index = i32[this.#area + siteArea.retiredTailIndex]!
    return tail !== 0 && index > 0 && i32[(tail << 1) + firstEntry + (index - 1) * entryWords + 2] === address
  }

  /** Whether the oldest entry is of this address: tells a recoverer if a shift was done. */
  startsWith(address: number): boolean {
    return !this.isEmpty && this.headAddress === address
  }

  get length(): number {
    const i32 = this.#i32
    const area = this.#area
    let count = i32[area + siteArea.retiredTailIndex]! - i32[area + siteArea.retiredHeadIndex]!
    let block = i32[area + siteArea.retiredHead]!
    for (; block !== i32[area + siteArea.retiredTail]!; block = i32[(block << 1) + nextWord]!)
      count += entriesPerBlock
    return count
  }

  #extend(tail: number): number {
    const block = this.#arena.allocateReserved(blockKind.data, blockBytes)
    const i32 = this.#i32
    i32[(block << 1) + nextWord] = 0
    if (tail === 0) {
      i32[this.#area + siteArea.retiredTail] = block
      i32[this.#area + siteArea.retiredHead] = block
    } else {
      i32[(tail << 1) + nextWord] = block
    }
    return block
  }

  #headEntry(): number {
    const i32 = this.#i32
    return (
      (i32[this.#area + siteArea.retiredHead]! << 1) +
      firstEntry +
      i32[this.#area + siteArea.retiredHeadIndex]! * entryWords
    )
  }
}
