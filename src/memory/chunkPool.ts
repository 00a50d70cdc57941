import { chunkAddressShift, header } from './layout.js'
import type { Latches } from './latch.js'
import { blocksPerChunk } from './magazine.js'
import type { SharedMemory } from './sharedMemory.js'

/**
 * Chunks of 64 KiB, the unit in which slabs and large objects take memory.
 *
 * The chunk table is the truth, two words a chunk: state, and for the head of a run its length. It is written
 * under the pool latch; a slab's chunk has its count of dropped blocks there, or its claim, written under the
 * depot latch. `chunkTop` (never used from there on) and `chunksFreed` are derived from it; `repair` derives
 * them again after the death of a latch holder.
 */
const stateFree = 0
const stateRunHead = -1
const stateRunRest = -2
const stateRetired = -3

/** Runs do not cross the 2 GiB windows of `SharedMemory`. */
const chunksPerWindow = 2 ** (28 - chunkAddressShift)

export class ChunkPool {
  readonly #i32: Int32Array
  readonly #table: number
  readonly #first: number
  readonly #count: number
  readonly #latches: Latches
  /** Chunks that a taker leaves: see `keptFor`. */
  keptFree: number
  /** Chunks that only work that frees memory may take, and of these, those left to the collector alone. */
  readonly keptFor: { readonly freeing: number; readonly collector: number }
  /** Names the chunk that this site has taken and not yet put to use, for its recoverer. */
  readonly #intentWord: number

  constructor(memory: SharedMemory, latches: Latches, intentWord: number) {
    this.#intentWord = intentWord
    this.#i32 = memory.i32
    this.#table = memory.layout.chunkTableStart
    this.#first = memory.layout.firstChunk
    this.#count = memory.layout.chunkCount
    this.keptFor = { freeing: Math.max(5, this.#count >> 6), collector: 2 }
    this.keptFree = this.keptFor.freeing
    this.#latches = latches
  }

  /** A chunk for the slab, or 0 when none is free. */
  takeForSlab(slab: number): number {
    return this.#take(1, slab + 1)
  }

  /**
   * The address of `count` chunks in a row, or 0. Linear in the number of chunks when memory is fragmented.
   */
  takeRun(count: number): number {
    return this.#take(count, stateRunHead)
  }

  release(address: number): void {
    this.#latches.acquire(header.poolLatch)
    const index = this.indexOf(address)
    const length = this.lengthOf(index)
    for (let i = length - 1; i >= 0; i--) this.#setState(index + i, stateFree)
    this.#i32[header.chunksFreed]! += length
    this.#latches.release(header.poolLatch)
  }

  indexOf(address: number): number {
    return (address >>> chunkAddressShift) - this.#first
  }

  addressOf(index: number): number {
    return (index + this.#first) << chunkAddressShift
  }

  /** The slab whose blocks the chunk holds, or -1 if it is part of a run or free. */
  slabOf(address: number): number {
    const state = this.#i32[this.#table + (((address >>> chunkAddressShift) - this.#first) << 1)]!
    return state > 0 ? state - 1 : -1
  }

  /** Chunks in the object that begins at chunk `index`. */
  lengthOf(index: number): number {
    return this.#state(index) === stateRunHead ? this.#i32[this.#table + index * 2 + 1]! : 1
  }

  /**
   * Blocks of a slab's chunk that a reclamation has dropped from the free lists, and where they are counted;
   * negative if a site has claimed the chunk.
   */
  droppedOf(address: number): number {
    return this.#i32[this.droppedIndex(address)]!
  }

  droppedIndex(address: number): number {
    return this.#table + this.indexOf(address) * 2 + 1
  }

  /** Chunks of slabs of which a reclamation has dropped blocks, and that nobody has given back or claimed. */
  chunksWithDropped(): number[] {
    return this.#slabChunksWhere((dropped) => dropped > 0)
  }

  /**
   * Says that the site, and nobody else, is to retire a slab's chunk, all of whose blocks were dropped. Under
   * the depot latch, as every look for such chunks.
   */
  claim(address: number, site: number): void {
    this.#i32[this.droppedIndex(address)] = -site
  }

  isClaimed(address: number): boolean {
    return this.droppedOf(address) < 0
  }

  /** Leaves chunks that a site has claimed, and not retired, to the next reclamation. */
  disclaim(site: number): void {
    for (const chunk of this.#slabChunksWhere((dropped) => dropped === -site))
      this.#i32[this.droppedIndex(chunk)] = blocksPerChunk(this.slabOf(chunk))
  }

  /** Says that a claimed chunk waits to be released; `settle` follows when somebody has noted it. */
  retire(address: number): void {
    this.#i32[this.#intentWord] = this.indexOf(address) + 1
    this.#setState(this.indexOf(address), stateRetired)
  }

  /** Somebody has noted the chunk that was taken or retired last. */
  settle(): void {
    this.#i32[this.#intentWord] = 0
  }

  isRetired(index: number): boolean {
    return this.#state(index) === stateRetired
  }

  /** Whether the chunk is the beginning of something that was taken. */
  isTaken(index: number): boolean {
    return this.#state(index) !== stateFree && this.#state(index) !== stateRunRest
  }

  isRunHead(index: number): boolean {
    return this.#state(index) === stateRunHead
  }

  get chunksInUse(): number {
    return this.#i32[header.chunkTop]! - this.#i32[header.chunksFreed]!
  }

  get chunkTop(): number {
    return this.#i32[header.chunkTop]!
  }

  /** A run's rest is marked before its head and freed before it: a head alone was being released. */
  #isWhole(head: number): boolean {
    for (let index = head + this.lengthOf(head) - 1; index > head; index--) {
      if (this.#state(index) !== stateRunRest) return false
    }
    return true
  }

  /**
   * After a holder of the latch died: frees runs without a head and counts again. The caller holds the latch.
   */
  repair(): void {
    let free = 0
    let top = 0
    let runEnd = 0
    for (let index = 0; index < this.#count; index++) {
      const state = this.#state(index)
      if (state === stateRunHead) {
        if (this.#isWhole(index)) runEnd = index + this.lengthOf(index)
        else this.#setState(index, stateFree)
      }
      if (state === stateRunRest && index >= runEnd) this.#setState(index, stateFree)
      if (this.#state(index) === stateFree) free++
      else top = index + 1
    }
    this.#i32[header.chunkTop] = top
    this.#i32[header.chunksFreed] = free - (this.#count - top)
  }

  #take(count: number, state: number): number {
    this.#latches.acquire(header.poolLatch)
    const isRoom = this.chunksInUse + count <= this.#count - this.keptFree
    const index = isRoom ? (this.#findFreed(count) ?? this.#extend(count)) : undefined
    if (index !== undefined) this.#mark(index, count, state)
    this.#latches.release(header.poolLatch)
    return index === undefined ? 0 : this.addressOf(index)
  }

  /** The head is marked last: until then `repair` would free the rest. */
  #mark(index: number, count: number, state: number): void {
    const i32 = this.#i32
    i32[this.#intentWord] = index + 1
    for (let i = 1; i < count; i++) this.#setState(index + i, stateRunRest)
    i32[this.#table + index * 2 + 1] = state === stateRunHead ? count : 0
    this.#setState(index, state)
    if (index + count > i32[header.chunkTop]!) {
      i32[header.chunksFreed]! += index - i32[header.chunkTop]!
      i32[header.chunkTop] = index + count
    } else {
      i32[header.chunksFreed]! -= count
    }
  }

  #findFreed(count: number): number | undefined {
    const i32 = this.#i32
    if (i32[header.chunksFreed]! < count) return undefined
    const top = i32[header.chunkTop]!
    const rover = count === 1 ? i32[header.chunkRover]! : 0
    let length = 0
    for (let step = 0; step < top; step++) {
      const index = rover + step < top ? rover + step : rover + step - top
      if (index === 0 || this.#startsWindow(index)) length = 0
      length = this.#state(index) === stateFree ? length + 1 : 0
      if (length === count) {
        i32[header.chunkRover] = index
        return index - count + 1
      }
    }
    return undefined
  }

  #extend(count: number): number | undefined {
    const top = this.#i32[header.chunkTop]!
    const window = this.#windowOf(top)
    const start =
      this.#windowOf(top + count - 1) === window ? top : (window + 1) * chunksPerWindow - this.#first
    return start + count <= this.#count ? start : undefined
  }

  #windowOf(index: number): number {
    return Math.floor((index + this.#first) / chunksPerWindow)
  }

  #startsWindow(index: number): boolean {
    return (index + this.#first) % chunksPerWindow === 0
  }

  #slabChunksWhere(isWanted: (dropped: number) => boolean): number[] {
    const chunks: number[] = []
    for (let index = this.chunkTop - 1; index >= 0; index--) {
      const address = this.addressOf(index)
      if (this.#state(index) > 0 && isWanted(this.droppedOf(address))) chunks.push(address)
    }
    return chunks
  }

  #state(index: number): number {
    return this.#i32[this.#table + index * 2]!
  }

  #setState(index: number, state: number): void {
    this.#i32[this.#table + index * 2] = state
  }
}
