import type { Arena } from '../memory/arena.js'
import { chainLatchCount, header, keptMove, siteArea } from '../memory/layout.js'
import { siteState } from '../tid/siteTable.js'
import { siteOf, type Stamp, stampNone } from '../tid/stamp.js'
import { commitPhase, listStart } from './commit.js'
import type { Engine } from './engine.js'
import { completeIndexChange } from './index/recoverIndex.js'
import { dropLocker, freezeFloor, lockedWord, releaseHeld } from './locker.js'
import { retiredKind, RetiredQueue } from './retired.js'
import { tupleHead, wordState } from './tuple.js'
import { deletedAt, lengthDeleted, versionLength, versionOlder } from './version.js'

/**
 * Completes or undoes what a dead thread has left half done (docs/protocol.md, "Where a thread can die").
 *
 * One survivor claims the dead site's slot, and works on a site of its own, for it may be in the middle of
 * something itself. Until it is done the dead site's slot stays active, so nothing that the dead could see is
 * freed. Every step finds out from shared memory whether it is still to be done; so when a recoverer dies,
 * its own recoverer starts again.
 */
export class Recoverer {
  readonly #engine: Engine

  constructor(engine: Engine) {
    this.#engine = engine
  }

  /** Recovers every site of a thread that has ended. */
  recoverThread(thread: number): void {
    const { sites } = this.#engine.context
    for (let id = sites.highWater; id > 0; id--) {
      if (sites.stateOf(id) === siteState.attached && sites.threadOf(id) === thread) this.recover(id, thread)
    }
  }

  /** Recovers a site of a dead thread. False if it is not that thread's any more. */
  recover(id: number, thread: number): boolean {
    const { sites } = this.#engine.context
    const engine = this.#engine.sibling()
    try {
      if (!sites.claimDead(id, thread, engine.context.site.id)) return false
      new Recovery(engine, id).run()
      return true
    } finally {
      engine.leave()
    }
  }

  /** The allocator's latches that a dead site holds; its changes under them are whole, or derived anew. */
  freePoolLatches(id: number): boolean {
    return freePoolLatches(this.#engine, id)
  }
}

class Recovery {
  readonly #engine: Engine
  readonly #i32: Int32Array
  readonly #u64: BigUint64Array
  readonly #arena: Arena
  readonly #id: number
  readonly #area: number
  readonly #queue: RetiredQueue
  readonly #kept: RetiredQueue

  /** `engine` is a site made for this recovery alone. */
  constructor(engine: Engine, id: number) {
    this.#engine = engine
    this.#i32 = engine.memory.i32
    this.#u64 = engine.memory.u64
    this.#arena = engine.context.arena
    this.#id = id
    this.#area = engine.memory.siteAreaOf(id)
    this.#queue = RetiredQueue.of(engine.memory, this.#arena, this.#area)
    this.#kept = RetiredQueue.keptOf(engine.memory, this.#arena, this.#area)
    this.#queue.margin = 0
    this.#kept.margin = 0
  }

  run(): void {
    const { sites, site } = this.#engine.context
    // First of all: whom the dead was recovering may need them.
    freePoolLatches(this.#engine, this.#id)
    for (const other of sites.claimedBy(this.#id)) {
      sites.takeOver(other, site.id)
      new Recovery(this.#engine, other).run()
    }
    const stamp = site.begin()
    try {
      this.#settleReclaim()
      this.#settleChunk()
      this.#arena.pool.disclaim(this.#id)
      completeIndexChange(this.#engine, this.#area, this.#id, this.#queue)
      this.#settleNewTuple()
      this.#settleUnlinked()
      this.#settleCommit()
      this.#settleBlockInHand()
      this.#settleKeptMove()
      this.#releaseLockers()
      for (let i = 0; i < chainLatchCount; i++) this.#freeLatch(header.chainLatches + i)
      this.#freeLatch(header.catalogLatch)
    } finally {
      site.end(stamp)
    }
    sites.leave(this.#id)
  }

  /** Whoever took the depot latch over from the dead may have died before the lists were whole. */
  #settleReclaim(): void {
    const { latches } = this.#engine.context
    latches.acquire(header.depotLatch)
    this.#arena.completeReclaim(this.#area)
    latches.release(header.depotLatch)
  }

  /** A chunk taken from the pool and not yet put to use goes back. */
  #settleChunk(): void {
    const intent = this.#take(siteArea.chunkIntent)
    if (intent === 0) return
    const { pool } = this.#arena
    const address = pool.addressOf(intent - 1)
    if (pool.isRetired(intent - 1)) {
      if (!this.#queue.endsWith(address)) this.#queue.push(retiredKind.chunk, address, this.#retireStamp())
    } else if (pool.isTaken(intent - 1) && !this.#arena.isCarved(this.#area, address)) {
      pool.release(address)
    }
  }

  /** A tuple made and not yet queued for a check. */
  #settleNewTuple(): void {
    const tuple = this.#i32[this.#area + siteArea.newTuple]!
    if (tuple === 0) return
    const isEntered = this.#engine.isEntered(tuple)
    const word = Atomics.load(this.#u64, tuple)
    if (isEntered) {
      if (Number(word & 3n) === wordState.owned && siteOf(word) === this.#id)
        Atomics.store(this.#u64, tuple, word & ~3n)
      if (!this.#queue.endsWith(tuple)) this.#queue.push(retiredKind.absent, tuple, this.#retireStamp())
      this.#i32[this.#area + siteArea.tupleCount]!++
    } else if (!this.#isFree(tuple)) {
      Atomics.store(this.#u64, tuple, BigInt(wordState.dead))
      this.#arena.free(tuple)
    }
    this.#i32[this.#area + siteArea.newTuple] = 0
  }

  /** An absent tuple on its way out of the index: given back if it is alive yet, otherwise buried. */
  #settleUnlinked(): void {
    const tuple = this.#i32[this.#area + siteArea.unlinkedTuple]!
    if (tuple === 0) return
    const stamp = this.#u64[(this.#area + siteArea.unlinkStamp) >> 1]!
    const word = Atomics.load(this.#u64, tuple)
    if (word === (stamp | BigInt(wordState.owned))) {
      Atomics.store(this.#u64, tuple, stamp)
      this.#queue.push(retiredKind.absent, tuple, this.#retireStamp())
    } else if (Number(word & 3n) === wordState.dead) {
      if (this.#queue.endsWith(tuple)) this.#i32[this.#area + siteArea.tupleCount]!--
      else this.#engine.collector.bury(tuple, stampNone, this.#queue)
    }
    this.#i32[this.#area + siteArea.unlinkedTuple] = 0
  }

  #settleCommit(): void {
    const phase = this.#i32[this.#area + siteArea.commitPhase]!
    const count = this.#i32[this.#area + siteArea.commitCount]!
    const stamp = this.#u64[(this.#area + siteArea.commitStamp) >> 1]!
    const list = this.#i32[this.#area + siteArea.commitList]! * 2 + listStart
    this.#engine.log?.recover(this.#id, phase === commitPhase.committed)
    if (phase === commitPhase.preparing)
      for (let i = count - 1; i >= 0; i--) this.#undoWrite(list + 2 * i, stamp, i)
    if (phase === commitPhase.committed) {
      this.#queue.reserve(2 * count)
      for (let i = this.#i32[this.#area + siteArea.commitDone]!; i < count; i++)
        this.#finishWrite(list + 2 * i, stamp, i)
    }
    this.#i32[this.#area + siteArea.commitPhase] = commitPhase.none
  }

  #undoWrite(entry: number, stamp: Stamp, index: number): void {
    const tuple = this.#i32[entry]!
    const version = this.#i32[entry + 1]!
    if (Atomics.load(this.#u64, tuple) === (stamp | BigInt(wordState.owned)))
      Atomics.store(this.#u64, tuple, stamp)
    this.#i32[this.#area + siteArea.commitCount] = index
    if (version !== 0 && !this.#engine.isInside(version, tuple) && !this.#isFree(version))
      this.#arena.free(version)
  }

  /**
   * What is still held was not installed, or was not given back; of what is no longer held, only the queueing
   * may be owed.
   */
  #finishWrite(entry: number, stamp: Stamp, index: number): void {
    const tuple = this.#i32[entry]!
    const version = this.#i32[entry + 1]!
    const locker = this.#i32[this.#area + siteArea.commitLocker]!
    const word = Atomics.load(this.#u64, tuple)
    const isHeld = word === (stamp | BigInt(wordState.owned)) || (locker !== 0 && word === lockedWord(locker))
    if (isHeld && this.#i32[(tuple << 1) + tupleHead] !== version) {
      this.#engine.install(entry, stamp, this.#queue)
    } else {
      this.#retireReplaced(tuple, version, stamp)
      if (isHeld) Atomics.store(this.#u64, tuple, stamp)
    }
    this.#i32[this.#area + siteArea.commitDone] = index + 1
  }

  #retireReplaced(tuple: number, version: number, stamp: Stamp): void {
    const old = this.#i32[(version << 1) + versionOlder]!
    const isDelete = this.#i32[(version << 1) + versionLength] === lengthDeleted
    if (isDelete && this.#queue.endsWith(tuple)) return
    if (old !== 0 && !this.#engine.isInside(old, tuple) && !this.#queue.endsWith(old))
      this.#queue.push(retiredKind.block, old, stamp, tuple)
    if (!isDelete) return
    const now = this.#retireStamp()
    if (this.#u64[version + deletedAt] === stampNone) this.#u64[version + deletedAt] = now
    this.#queue.push(retiredKind.absent, tuple, now)
  }

  /** Transactions in locking mode that were open are undone: what they hold stays read at their floor. */
  #releaseLockers(): void {
    for (;;) {
      const locker = this.#i32[this.#area + siteArea.lockers]!
      if (locker === 0) return
      const isCommitted = locker === this.#i32[this.#area + siteArea.commitLocker]
      const stamp = this.#u64[(this.#area + siteArea.commitStamp) >> 1]!
      const floor = freezeFloor(this.#u64, locker)
      releaseHeld(this.#i32, this.#u64, locker, isCommitted && stamp > floor ? stamp : floor)
      this.#queue.reserve()
      dropLocker(this.#engine.context, this.#area, locker)
      this.#queue.push(retiredKind.block, locker, this.#retireStamp())
      this.#i32[this.#engine.context.area + siteArea.blockInHand] = 0
    }
  }

  /** A block between the queue and the free list. */
  #settleBlockInHand(): void {
    const block = this.#take(siteArea.blockInHand)
    if (block === 0 || this.#isFree(block)) return
    if (this.#kept.startsWith(block) || this.#queue.startsWith(block) || this.#queue.endsWith(block)) return
    this.#queue.push(retiredKind.block, block, this.#retireStamp())
  }

  /** An entry on its way to the end of what is kept may be there, and where it came from too. */
  #settleKeptMove(): void {
    const move = this.#i32[this.#area + siteArea.keptMove]!
    if (move === keptMove.none) return
    const from = move === keptMove.fromKept ? this.#kept : this.#queue
    const isMoved = !from.isEmpty && this.#kept.endsWith(from.headAddress)
    if (isMoved && (from !== this.#kept || from.length > 1)) from.shift()
    this.#i32[this.#area + siteArea.keptMove] = keptMove.none
  }

  /** Whether the block was the last one that the dead site freed. */
  #isFree(block: number): boolean {
    return this.#arena.isLastFreed(this.#area, block)
  }

  #freeLatch(word: number): void {
    Atomics.compareExchange(this.#i32, word, this.#id, 0)
  }

  #take(word: number): number {
    const found = this.#i32[this.#area + word]!
    this.#i32[this.#area + word] = 0
    return found
  }

  #retireStamp(): Stamp {
    return this.#engine.context.site.retireStamp()
  }
}

function freePoolLatches(engine: Engine, id: number): boolean {
  const { i32 } = engine.memory
  const mine = engine.context.site.id
  if (Atomics.compareExchange(i32, header.poolLatch, id, mine) === id) {
    engine.context.arena.pool.repair()
    Atomics.store(i32, header.poolLatch, 0)
  }
  if (Atomics.compareExchange(i32, header.depotLatch, id, mine) === id) {
    engine.context.arena.completeReclaim(engine.memory.siteAreaOf(id))
    Atomics.store(i32, header.depotLatch, 0)
  }
  return true
}
