import { blockKind, siteArea } from '../memory/layout.js'
import { Wait } from '../memory/latch.js'
import type { Stamp } from '../tid/stamp.js'
import type { AbortReason } from './abort.js'
import type { CommitLog } from './commitLog.js'
import type { Engine } from './engine.js'
import { leafSplitting, nodeLatch } from './index/node.js'
import { dropLocker, freezeFloor, holderOf, releaseHeld } from './locker.js'
import { retiredKind } from './retired.js'
import type { MvccTransaction } from './transaction.js'
import { insideOf, keyLengthOfMeta, stateMask, tupleHead, tupleKey, tupleLeaf, wordState } from './tuple.js'
import {
  deletedAt,
  deletedBytes,
  lengthDeleted,
  versionHeaderBytes,
  versionHeaderWords,
  versionLength,
  versionPosition,
} from './version.js'
import { type WriteSet, writeDeleted } from './writeSet.js'

/** What a recoverer has to do with the commit list of a dead site: nothing, undo, or finish. */
export const commitPhase = { none: 0, preparing: 1, committed: 2 } as const

const listCapacityMin = 64
export const listStart = 4

/** Values up to this many words are copied by a loop, longer ones by the runtime. */
const loopWords = 192

/** A commit gives up on a tuple that another transaction owns, or a range it holds, after this time. */
const ownWaitMs = 5

/**
 * The commit protocol, by which transactions of this site become visible at their tid (multi-version
 * timestamp ordering, after vMVCC).
 *
 *     own       each tuple, in address order; refused if a later transaction has read or written it, or its
 *               range
 *     stage     versions are written, unseen; tuple and version are noted in the commit list, in shared
 *               memory
 *     log       in a store with a journal, the position is taken and the record written, unread
 *     commit    `commitPhase` becomes `committed`: the commit point, one store; then the record is published
 *     install   each version becomes its tuple's head, and the tuple is given back
 *
 * A site that dies before the commit point is undone by its recoverer, after it, finished: the commit list
 * says all.
 */
export class Committer {
  readonly #engine: Engine
  readonly #i32: Int32Array
  readonly #u64: BigUint64Array
  readonly #f64: Float64Array
  readonly #area: number
  readonly #scratch = new BigUint64Array(1)
  readonly #low = new Int32Array(this.#scratch.buffer)
  /** Keeps what was fetched ahead, so that the fetch is not optimized away. */
  touched = 0

  constructor(engine: Engine) {
    this.#engine = engine
    this.#i32 = engine.memory.i32
    this.#u64 = engine.memory.u64
    this.#f64 = engine.memory.f64
    this.#area = engine.context.area
  }

  /**
   * Makes the writes visible, all at once, or none and answers why. May throw `MemoryFullError`, with nothing
   * changed.
   */
  commit(tx: MvccTransaction): AbortReason | undefined {
    if (tx.writes.count === 0 && tx.locker === 0) return undefined
    const log = tx.isLogged && tx.writes.count !== 0 ? this.#engine.log : undefined
    log?.prepare(tx.writes)
    try {
      this.#list(tx)
    } catch (error) {
      log?.cancel()
      throw error
    }
    try {
      const reason = tx.locker === 0 ? this.#ownAll(tx) : this.#chooseTid(tx)
      if (reason !== undefined) {
        this.#undo(tx.stamp)
        log?.cancel()
        return reason
      }
      this.#stage(tx)
    } catch (error) {
      this.#undo(tx.stamp)
      log?.cancel()
      throw error
    }
    if (log !== undefined) this.#append(tx, log)
    Atomics.store(this.#i32, this.#area + siteArea.commitPhase, commitPhase.committed)
    log?.publish()
    this.#installAll(tx)
    if (tx.locker !== 0) this.release(tx, tx.stamp)
    this.#i32[this.#area + siteArea.commitPhase] = commitPhase.none
    return undefined
  }

  /** Gives up what a transaction in locking mode still holds. */
  release(tx: MvccTransaction, stamp?: Stamp): void {
    const floor = stamp ?? freezeFloor(this.#u64, tx.locker)
    releaseHeld(this.#i32, this.#u64, tx.locker, floor)
    const { context } = this.#engine
    dropLocker(context, this.#area, tx.locker)
    context.retired.push(retiredKind.block, tx.locker, context.site.retireStamp())
    this.#i32[this.#area + siteArea.blockInHand] = 0
    tx.locker = 0
  }

  /** Notes the tuples in the commit list, before any is owned. */
  #list(tx: MvccTransaction): void {
    const { writes } = tx
    const count = writes.count
    const i32 = this.#i32
    const area = this.#area
    this.#reserve(count)
    this.#engine.context.retired.reserve(2 * count + 1)
    writes.sort()
    const list = i32[area + siteArea.commitList]! * 2 + listStart
    // Fetches all leaves at once; when a tuple is owned its leaf would be waited for.
    let touched = 0
    for (let i = 0; i < count; i++) {
      const tuple = writes.tuples[i]!
      i32[list + 2 * i] = tuple
      i32[list + 2 * i + 1] = 0
      touched ^= i32[i32[(tuple << 1) + tupleLeaf]! << 1]!
    }
    this.touched = touched
    i32[area + siteArea.commitCount] = count
    i32[area + siteArea.commitDone] = 0
    i32[area + siteArea.commitLocker] = tx.locker
    this.#u64[(area + siteArea.commitStamp) >> 1] = tx.stamp
    i32[area + siteArea.commitPhase] = commitPhase.preparing
  }

  #stage(tx: MvccTransaction): void {
    const { writes } = tx
    const i32 = this.#i32
    const list = i32[this.#area + siteArea.commitList]! * 2 + listStart
    for (let i = 0; i < writes.count; i++) {
      const start = writes.starts[i]!
      const end = writes.ends[i]!
      const length = end === writeDeleted ? deletedBytes : end - start
      const tuple = writes.tuples[i]!
      const version = this.#insideIfFree(tuple, length) || this.#allocate(length, end === writeDeleted)
      i32[list + 2 * i + 1] = version
      i32[(version << 1) + versionLength] = end === writeDeleted ? lengthDeleted : length
      this.#f64[version + versionPosition] = 0
      if (end === writeDeleted) this.#u64[version + deletedAt] = 0n
      if (end !== writeDeleted) this.#copyValue(writes, start, end, version)
    }
  }

  /** Whoever reads one of the versions learns from it how far the journal must be durable first. */
  #append(tx: MvccTransaction, log: CommitLog): void {
    const position = log.append()
    tx.position = position
    const list = this.#i32[this.#area + siteArea.commitList]! * 2 + listStart
    for (let i = 0; i < tx.writes.count; i++)
      this.#f64[this.#i32[list + 2 * i + 1]! + versionPosition] = position
  }

  /** A delete may take of the reserve: it is how memory becomes free. */
  #allocate(length: number, isDelete: boolean): number {
    const { arena } = this.#engine.context
    const bytes = versionHeaderBytes + length
    return isDelete ? arena.allocateReserved(blockKind.data, bytes) : arena.allocate(blockKind.data, bytes)
  }

  /**
   * The room inside a tuple that this site owns, or 0 if the value does not fit or the version there may
   * still be read: if it is the head, or the head is not yet below the safe stamp, so that readers may walk
   * past it.
   */
  #insideIfFree(tuple: number, length: number): number {
    const i32 = this.#i32
    const words = tuple << 1
    const inside = insideOf(tuple, keyLengthOfMeta(i32[words + tupleKey]!))
    const head = i32[words + tupleHead]!
    if (head === inside || (head !== 0 && this.#u64[head]! >= this.#engine.safeStamp)) return 0
    const { arena } = this.#engine.context
    return (inside - tuple) * 8 + versionHeaderBytes + length <= arena.sizeOf(tuple) ? inside : 0
  }

  #copyValue(writes: WriteSet, start: number, end: number, version: number): void {
    const { memory } = this.#engine
    const length = end - start
    if (length > loopWords * 4 || (start & 3) !== 0) {
      writes.staging.copy(memory.windowOf(version), memory.offsetOf(version) + versionHeaderBytes, start, end)
      return
    }
    const source = writes.stagingWords
    const target = (version << 1) + versionHeaderWords
    const first = start >> 2
    const words = (length + 3) >> 2
    for (let i = 0; i < words; i++) this.#i32[target + i] = source[first + i]!
  }

  #ownAll(tx: MvccTransaction): AbortReason | undefined {
    const { writes } = tx
    const owned = tx.stamp | 1n
    for (let i = 0; i < writes.count; i++) {
      const reason = this.#own(writes.tuples[i]!, tx.stamp, owned)
      if (reason !== undefined) return reason
    }
    return undefined
  }

  /** Takes the right to write a tuple, for a transaction that commits at `stamp`: `owned` as a word. */
  #own(tuple: number, stamp: Stamp, owned: bigint): AbortReason | undefined {
    const u64 = this.#u64
    let wait: Wait | undefined
    for (;;) {
      const found = u64[tuple]!
      const state = this.#stateOf(found)
      if (state === wordState.free) {
        if (found > stamp) return 'conflict'
        if (Atomics.compareExchange(u64, tuple, found, owned) === found) return this.#checkLeaf(tuple, stamp)
        continue
      }
      // No tuple that an open transaction has written is taken out: this is only in case one was.
      if (state === wordState.dead) return 'conflict'
      if (state === wordState.owned && found > stamp) return 'conflict'
      wait ??= new Wait(this.#i32, this.#engine.context.liveness)
      if (!wait.tryStep(holderOf(this.#i32, found), ownWaitMs))
        return state === wordState.locked ? 'locked' : 'owned'
    }
  }

  /**
   * Refuses a write below a later reader of the range. The tuple is owned before the leaf is looked at, and a
   * reader raises the leaf before it looks at tuples, so one of the two sees the other. While a split moves
   * tuples to a new leaf, neither leaf alone tells; the second look at `tupleLeaf` shows that no split came
   * between: it changes between two atomic changes of the old leaf's state, and the look at that state is an
   * acquire.
   */
  #checkLeaf(tuple: number, stamp: Stamp): AbortReason | undefined {
    const i32 = this.#i32
    const leafWord = (tuple << 1) + tupleLeaf
    let wait: Wait | undefined
    for (;;) {
      const leaf = i32[leafWord]!
      const found = Atomics.load(this.#u64, leaf)
      const state = this.#stateOf(found)
      if (state === wordState.free) {
        if (found > stamp) return 'range'
        if (i32[leafWord] === leaf) return undefined
        continue
      }
      if (state === wordState.locked) return 'locked'
      if (state !== leafSplitting) continue
      wait ??= new Wait(i32, this.#engine.context.liveness)
      wait.step(i32[(leaf << 1) + nodeLatch]!, 'a range')
    }
  }

  #stateOf(word: bigint): number {
    this.#scratch[0] = word
    return this.#low[0]! & stateMask
  }

  /** In locking mode everything is held already: what is left is a tid above all that has read it. */
  #chooseTid(tx: MvccTransaction): undefined {
    const { site } = this.#engine.context
    const floor = freezeFloor(this.#u64, tx.locker)
    let highest = floor
    for (let i = 0; i < tx.writes.count; i++) {
      const leaf = Atomics.load(this.#i32, (tx.writes.tuples[i]! << 1) + tupleLeaf)
      const found = Atomics.load(this.#u64, leaf)
      if (Number(found & 3n) !== wordState.locked && found > highest) highest = found
    }
    let stamp = site.next()
    while (stamp <= highest) stamp = site.next()
    tx.stamp = stamp
    this.#u64[(this.#area + siteArea.commitStamp) >> 1] = stamp
    return undefined
  }

  #installAll(tx: MvccTransaction): void {
    const i32 = this.#i32
    const list = i32[this.#area + siteArea.commitList]! * 2 + listStart
    const { writes } = tx
    for (let i = 0; i < writes.count; i++) {
      this.#engine.install(list + 2 * i, tx.stamp)
      i32[this.#area + siteArea.commitDone] = i + 1
    }
  }

  #undo(stamp: Stamp): void {
    this.#giveBack(stamp)
    const i32 = this.#i32
    const list = i32[this.#area + siteArea.commitList]! * 2 + listStart
    for (let i = i32[this.#area + siteArea.commitCount]! - 1; i >= 0; i--) {
      const version = i32[list + 2 * i + 1]!
      const isBlock = version !== 0 && !this.#engine.isInside(version, i32[list + 2 * i]!)
      i32[this.#area + siteArea.blockInHand] = isBlock ? version : 0
      i32[this.#area + siteArea.commitCount] = i
      if (isBlock) this.#engine.context.arena.free(version)
      i32[this.#area + siteArea.blockInHand] = 0
    }
    i32[this.#area + siteArea.commitPhase] = commitPhase.none
  }

  /** Gives back what is owned at `stamp`. The stamp stays: readers below it have passed on its word. */
  #giveBack(stamp: Stamp): void {
    const i32 = this.#i32
    const list = i32[this.#area + siteArea.commitList]! * 2 + listStart
    const owned = stamp | 1n
    for (let i = 0, count = i32[this.#area + siteArea.commitCount]!; i < count; i++) {
      const tuple = i32[list + 2 * i]!
      if (this.#u64[tuple] === owned) Atomics.store(this.#u64, tuple, stamp)
    }
  }

  #reserve(count: number): void {
    const i32 = this.#i32
    if (count <= i32[this.#area + siteArea.commitCapacity]!) return
    const capacity = Math.max(listCapacityMin, count, i32[this.#area + siteArea.commitCapacity]! * 2)
    const { arena } = this.#engine.context
    // Of the reserve, if need be: the writes may be deletes.
    const list = arena.allocateReserved(blockKind.data, (capacity * 2 + listStart) * 4)
    const old = i32[this.#area + siteArea.commitList]!
    i32[this.#area + siteArea.commitList] = list
    i32[this.#area + siteArea.commitCapacity] = capacity
    if (old !== 0) arena.free(old)
  }
}
