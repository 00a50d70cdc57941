import type { Arena } from '../memory/arena.js'
import { MemoryFullError } from '../memory/errors.js'
import { blockKind, siteArea } from '../memory/layout.js'
import type { SharedMemory } from '../memory/sharedMemory.js'
import type { Stamp } from '../tid/stamp.js'

/** What is to be done with a retired object once the safe stamp has passed its stamp. */
export const retiredKind = {
  /** A version, with its tuple, or another block: free it. */
  block: 0,
  /** A tuple taken out of the index: free it. */
  tuple: 1,
  /** A tuple that was absent: take it out of the index if it still is. */
  absent: 2,
  /** A chunk that held tuples: release it. */
  chunk: 3,
} as const

const blockBytes = 4096
export const entriesPerBlock = 255
const firstEntry = 4
const entryWords = 4
const nextWord = 2
/** An entry's last word: the kind, and above it the tuple of a version. */
const kindBits = 2

/** Words of a queue's ends. */
const headBlock = 0
const headIndex = 1
const tailBlock = 2
const tailIndex = 3
const lastAddress = 4
/** Of any thread's queue: how many entries it has. */
export const queueLength = 5

/**
 * A site's queue of what it has retired, oldest first: blocks of 255 entries (stamp, address, kind and tuple)
 * in shared memory, so that the recoverer of a dead site finds it. Written by the site alone.
 *
 * *Entries can always be put off*: with `room` places for entries at the tail, and `headIndex` entries taken
 * from the first block, `room + headIndex` is never below `entriesPerBlock` once anything was reserved.
 * `reserve` leaves a margin of so many places; to put off the oldest entry, as a new one, leaves the sum as
 * it is; and a block that was worked off is put at the tail when there is none. So where no memory is left,
 * the collector still gets at what lies behind an entry whose time has not come.
 */
export class RetiredQueue {
  /** Places that a reservation leaves free. The collector, and a recoverer, have use of them. */
  margin: number = entriesPerBlock
  /** Entries pushed since its reader last set it to zero. */
  pushedCount = 0
  readonly #i32: Int32Array
  readonly #u64: BigUint64Array
  readonly #arena: Arena
  readonly #ends: number

  /**
   * `arena` is the caller's, who may be draining the queue of a dead site; `ends` the first word of the
   * queue's ends.
   */
  constructor(memory: SharedMemory, arena: Arena, ends: number) {
    this.#i32 = memory.i32
    this.#u64 = memory.u64
    this.#arena = arena
    this.#ends = ends
  }

  /** What a site has retired. */
  static of(memory: SharedMemory, arena: Arena, area: number): RetiredQueue {
    return new RetiredQueue(memory, arena, area + siteArea.retiredEnds)
  }

  /** What of it held snapshots keep for now. */
  static keptOf(memory: SharedMemory, arena: Arena, area: number): RetiredQueue {
    return new RetiredQueue(memory, arena, area + siteArea.keptEnds)
  }

  get isEmpty(): boolean {
    const i32 = this.#i32
    const ends = this.#ends
    return i32[ends + headBlock] === i32[ends + tailBlock] && i32[ends + headIndex] === i32[ends + tailIndex]
  }

  /** Makes sure that the next `count` pushes cannot fail for lack of memory. */
  reserve(count = 1): void {
    this.#makeRoom(count + this.margin)
  }

  /** As `reserve`, where the margin stays: false if there is no memory. */
  tryReserve(count: number): boolean {
    try {
      this.#makeRoom(count + entriesPerBlock)
      return true
    } catch (error) {
      if (error instanceof MemoryFullError) return false
      throw error
    }
  }

  #makeRoom(count: number): void {
    const i32 = this.#i32
    let tail = i32[this.#ends + tailBlock]!
    let room = tail === 0 ? 0 : entriesPerBlock - 1 - i32[this.#ends + tailIndex]!
    while (room < count) {
      const next = tail === 0 ? 0 : i32[(tail << 1) + nextWord]!
      tail = next === 0 ? this.#extend(tail) : next
      room += entriesPerBlock
    }
  }

  /** `tuple` is that of a version. The answer is the entry, for `withdraw`. */
  push(kind: number, address: number, stamp: Stamp, tuple = 0): number {
    this.#makeRoom(1)
    this.pushedCount++
    const i32 = this.#i32
    const ends = this.#ends
    const tail = i32[ends + tailBlock]!
    const index = i32[ends + tailIndex]!
    const entry = (tail << 1) + firstEntry + index * entryWords
    this.#u64[entry >> 1] = stamp
    i32[entry + 2] = address
    i32[entry + 3] = (tuple << kindBits) | kind
    i32[ends + lastAddress] = address
    i32[ends + queueLength]!++
    if (index === entriesPerBlock - 1) {
      i32[ends + tailBlock] = i32[(tail << 1) + nextWord]!
      i32[ends + tailIndex] = 0
    } else {
      i32[ends + tailIndex] = index + 1
    }
    return entry
  }

  /** Leaves nothing to be done of an entry, which is not yet worked off. Its address is 0 from now on. */
  withdraw(entry: number): void {
    const i32 = this.#i32
    if (i32[entry + 2] === i32[this.#ends + lastAddress]) i32[this.#ends + lastAddress] = 0
    i32[entry + 2] = 0
  }

  /** Stamp of the oldest entry. The queue is not empty. */
  get headStamp(): Stamp {
    return this.#u64[this.#headEntry() >> 1]!
  }

  get headAddress(): number {
    return this.#i32[this.#headEntry() + 2]!
  }

  get headKind(): number {
    return this.#i32[this.#headEntry() + 3]! & ((1 << kindBits) - 1)
  }

  /** The tuple of a version; 0 for all else. */
  get headTuple(): number {
    return this.#i32[this.#headEntry() + 3]! >>> kindBits
  }

  /** Puts a copy of another queue's oldest entry, or of this one's own, at the end. */
  pushHeadOf(queue: RetiredQueue): void {
    this.push(queue.headKind, queue.headAddress, queue.headStamp, queue.headTuple)
  }

  /** Drops the oldest entry. */
  shift(): void {
    const i32 = this.#i32
    const ends = this.#ends
    const index = i32[ends + headIndex]! + 1
    const block = i32[ends + headBlock]!
    if (this.headAddress === i32[ends + lastAddress]) i32[ends + lastAddress] = 0
    i32[ends + queueLength]!--
    if (index < entriesPerBlock) {
      i32[ends + headIndex] = index
      return
    }
    i32[ends + headBlock] = i32[(block << 1) + nextWord]!
    i32[ends + headIndex] = 0
    const nextOfTail = (i32[ends + tailBlock]! << 1) + nextWord
    if (i32[nextOfTail] === 0) {
      i32[(block << 1) + nextWord] = 0
      i32[nextOfTail] = block
      return
    }
    this.#arena.free(block)
  }

  /** Whether the youngest entry is of this address: tells a recoverer if a push was done. */
  endsWith(address: number): boolean {
    return this.#i32[this.#ends + lastAddress] === address
  }

  /** Whether the oldest entry is of this address: tells a recoverer if a shift was done. */
  startsWith(address: number): boolean {
    return !this.isEmpty && this.headAddress === address
  }

  get length(): number {
    return this.#i32[this.#ends + queueLength]!
  }

  #extend(tail: number): number {
    const block = this.#arena.allocateReserved(blockKind.data, blockBytes)
    const i32 = this.#i32
    i32[(block << 1) + nextWord] = 0
    if (tail === 0) {
      i32[this.#ends + tailBlock] = block
      i32[this.#ends + headBlock] = block
    } else {
      i32[(tail << 1) + nextWord] = block
    }
    return block
  }

  #headEntry(): number {
    const i32 = this.#i32
    return (i32[this.#ends + headBlock]! << 1) + firstEntry + i32[this.#ends + headIndex]! * entryWords
  }
}
