import { isLackOfRoom, MemoryFullError } from '../memory/errors.js'
import { header, keptMove, siteArea } from '../memory/layout.js'
import type { Stamp } from '../tid/stamp.js'
import { siteState } from '../tid/siteTable.js'
import type { Engine } from './engine.js'
import { leafLockedNow } from './index/tree.js'
import { keyStart } from './keyBuffer.js'
import { entriesPerBlock, retiredKind, RetiredQueue } from './retired.js'
import { Trimmer } from './trimmer.js'
import { tupleHead, tupleLeaf, wordState } from './tuple.js'
import { deletedAt, lengthDeleted, versionLength, versionPosition } from './version.js'

const leafEmptied = 1
/** More than the entries that taking a tuple, or an empty leaf, out of the index retires. */
const takeOutRetires = 32

/**
 * Gives back what no transaction can see any more. Runs on the writers' own time, a few entries of their
 * queue after every few commits, and never scans data.
 *
 * A version is garbage once its successor's stamp is below the safe stamp: nobody walks past that successor.
 * It is freed without touching its tuple or its neighbours. An absent tuple (never written, or deleted below
 * the safe stamp) is taken out of the index, and freed when those who may have found it before are gone.
 *
 * Where memory is full, it has a last reserve to itself, and room in the queue; an entry that needs more is
 * put off, so that those behind it come first.
 *
 * While snapshots are held, which keep the safe stamp low, versions that none of them can see go all the same
 * (`Trimmer`), and the rest moves on to a second queue, of what is kept for them.
 */
export class Collector {
  readonly #engine: Engine
  readonly #i32: Int32Array
  readonly #u64: BigUint64Array
  readonly #area: number
  readonly #trimmer: Trimmer
  /** For which held snapshots what is kept was looked through last, and how much of that is still to do. */
  #keptFor: readonly Stamp[] = []
  #keptToCheck = 0

  constructor(engine: Engine) {
    this.#engine = engine
    this.#i32 = engine.memory.i32
    this.#u64 = engine.memory.u64
    this.#area = engine.context.area
    this.#trimmer = new Trimmer(engine)
  }

  /**
   * Works off up to `limit` entries. The site has a transaction open. The answer is how many were worked off.
   */
  collect(limit: number): number {
    return this.#withLastRoom(() => {
      const { context } = this.#engine
      this.#finishRemovals()
      const safe = context.site.safeStamp()
      this.#engine.safeStamp = safe
      const done = this.#drain(context.retired, limit, safe)
      const held = this.#collectBesideHeld(limit - done)
      return done + (held ?? this.#drain(context.kept, limit - done, safe))
    })
  }

  #withLastRoom<T>(work: () => T): T {
    const { arena, retired } = this.#engine.context
    retired.margin = 0
    try {
      return arena.withLastReserve(work)
    } finally {
      retired.margin = entriesPerBlock
    }
  }

  /**
   * Works off up to `limit` entries of what held snapshots let go of, or undefined if there are none. What is
   * kept is looked through whenever the held snapshots are others than before.
   */
  #collectBesideHeld(limit: number): number | undefined {
    const { kept, retired, site, sites } = this.#engine.context
    if (!sites.anyHeld || (kept.isEmpty && retired.isEmpty)) return undefined
    const trimmer = this.#trimmer
    site.pin(this.#engine.safeStamp)
    try {
      if (!trimmer.look()) return undefined
      // Somebody else has pinned, or something ended since: what is between the two is for the next time.
      if (this.#engine.safeStamp < trimmer.lowest) return 0
      let done = 0
      while (done < limit && this.#passOn(retired, keptMove.fromRetired)) done++
      if (!isSameList(this.#keptFor, trimmer.held)) {
        this.#keptFor = [...trimmer.held]
        this.#keptToCheck = kept.length
      }
      for (; done < limit && this.#keptToCheck > 0 && this.#passOn(kept, keptMove.fromKept); done++)
        this.#keptToCheck--
      return done
    } finally {
      site.unpin()
    }
  }

  /**
   * Frees the oldest entry of a queue, if it is a version that nobody can see, or moves it to the end of what
   * is kept. False if it is too early for either, or there is none.
   */
  #passOn(queue: RetiredQueue, move: number): boolean {
    if (queue.isEmpty || queue.headStamp >= this.#trimmer.bound) return false
    if (queue.headStamp < this.#engine.safeStamp) return this.#drain(queue, 1, this.#engine.safeStamp) === 1
    const version = queue.headAddress
    const tuple = queue.headTuple
    if (tuple === 0 || !this.#trimmer.unlink(version, tuple, queue.headStamp)) {
      this.#keep(queue, move)
      return true
    }
    if (!this.#trimmer.isFree(version)) {
      // Somebody walks. What is new waits; what was kept is looked at again in the next round.
      if (move === keptMove.fromKept) this.#keep(queue, move)
      return move === keptMove.fromKept
    }
    this.#i32[this.#area + siteArea.blockInHand] = version
    queue.shift()
    this.#engine.context.arena.free(version)
    this.#i32[this.#area + siteArea.blockInHand] = 0
    return true
  }

  /** Moves an entry to the end of what is kept. `keptMove` tells a recoverer that it may be in both. */
  #keep(queue: RetiredQueue, move: number): void {
    const { kept } = this.#engine.context
    const i32 = this.#i32
    kept.reserve()
    i32[this.#area + siteArea.keptMove] = move
    kept.pushHeadOf(queue)
    queue.shift()
    i32[this.#area + siteArea.keptMove] = keptMove.none
  }

  /** Works off what sites that left, or died, have not. */
  adoptOrphans(limit: number): number {
    const { context, memory } = this.#engine
    const { sites } = context
    let done = 0
    for (let id = sites.highWater; id > 0; id--) {
      if (sites.stateOf(id) !== siteState.free) continue
      const area = memory.siteAreaOf(id)
      const queues = [
        RetiredQueue.of(memory, context.arena, area),
        RetiredQueue.keptOf(memory, context.arena, area),
      ]
      if (queues.every((queue) => queue.isEmpty) || !sites.adopt(id, context.site.id)) continue
      try {
        for (const queue of queues)
          done += this.#withLastRoom(() => this.#drain(queue, limit, context.site.safeStamp()))
      } finally {
        sites.leave(id)
      }
    }
    return done
  }

  /**
   * Removals of leaves may have ended halfway for lack of memory. The flag is cleared before the tables are
   * looked at, and whoever cannot finish one sets it again, so none is missed.
   */
  #finishRemovals(): void {
    if (Atomics.load(this.#i32, header.removalUnfinished) === 0) return
    Atomics.store(this.#i32, header.removalUnfinished, 0)
    const { catalog } = this.#engine
    for (let table = catalog.count; table > 0; table--) {
      const { remover } = catalog.treeOf(table)
      if (remover.isUnfinished) ifRoom(() => remover.finish())
    }
  }

  #drain(queue: RetiredQueue, limit: number, safe: Stamp): number {
    const i32 = this.#i32
    const { arena, retired } = this.#engine.context
    let done = 0
    while (done < limit && !queue.isEmpty && queue.headStamp < safe) {
      const kind = queue.headKind
      const address = queue.headAddress
      // Withdrawn.
      if (address === 0) {
        queue.shift()
        done++
        continue
      }
      const changesIndex =
        kind === retiredKind.absent || (kind === retiredKind.tuple && this.#hasEmptied(address))
      if (changesIndex && !retired.tryReserve(takeOutRetires)) {
        if (queue !== retired) return done
        this.#retireAgain(kind, address)
        queue.shift()
        done++
        continue
      }
      done++
      if (kind === retiredKind.absent) {
        this.#takeOut(address, safe)
        queue.shift()
        continue
      }
      if (kind === retiredKind.chunk) {
        queue.shift()
        arena.pool.release(address)
        continue
      }
      const isFree = !changesIndex || this.#isLeafGone(address)
      i32[this.#area + siteArea.blockInHand] = address
      queue.shift()
      if (isFree) arena.free(address)
      else this.#retireAgain(retiredKind.tuple, address)
      i32[this.#area + siteArea.blockInHand] = 0
    }
    return done
  }

  /** Takes a tuple out of the index, if its key is absent for every transaction. */
  #takeOut(tuple: number, safe: Stamp): void {
    const { context } = this.#engine
    const word = Atomics.load(this.#u64, tuple)
    const state = Number(word & 3n)
    if (state === wordState.dead || this.#isPresent(tuple)) return
    const stamp = context.site.next()
    // A transaction that writes an absent tuple raises it first: while it is open, the tuple stays.
    if (
      state !== wordState.free ||
      word >= safe ||
      word > stamp ||
      !this.#isAbsent(tuple, safe) ||
      !this.#own(tuple, word, stamp)
    ) {
      this.#retireAgain(retiredKind.absent, tuple)
      return
    }
    const isAbsent = this.#isAbsent(tuple, safe)
    if (isAbsent && this.#tryBury(tuple, stamp)) return
    Atomics.store(this.#u64, tuple, stamp)
    if (isAbsent) this.#retireAgain(retiredKind.absent, tuple)
    this.#i32[this.#area + siteArea.unlinkedTuple] = 0
  }

  /** On an error the tuple is alive as before, and owned; it is given back, and looked at again later. */
  #tryBury(tuple: number, stamp: Stamp): boolean {
    try {
      // Readers below `stamp` pass an owner without a trace: whoever makes the key anew commits above them.
      return this.bury(tuple, stamp)
    } catch (error) {
      if (isLackOfRoom(error)) return false
      throw error
    }
  }

  #retireAgain(kind: number, address: number): void {
    this.#engine.context.retired.push(kind, address, this.#engine.context.site.retireStamp())
  }

  #own(tuple: number, word: bigint, stamp: Stamp): boolean {
    this.#u64[(this.#area + siteArea.unlinkStamp) >> 1] = stamp
    this.#i32[this.#area + siteArea.unlinkedTuple] = tuple
    const owned = stamp | BigInt(wordState.owned)
    if (Atomics.compareExchange(this.#u64, tuple, word, owned) === word) return true
    this.#i32[this.#area + siteArea.unlinkedTuple] = 0
    return false
  }

  /**
   * The rest of taking out an absent tuple, read up to `readAt`, that this site owns. False, with nothing
   * changed, if its leaf is locked. A recoverer may do it again from the start, on the queue of the dead.
   */
  bury(tuple: number, readAt: Stamp, retired: RetiredQueue = this.#engine.context.retired): boolean {
    const { context, directory, reviveKey } = this.#engine
    const { site } = context
    const i32 = this.#i32
    const table = this.#engine.readKey(tuple)
    const hash = reviveKey.hash
    retired.reserve(2)
    const emptied = this.#engine.treeOf(table).remove(tuple, reviveKey, readAt)
    if (emptied === leafLockedNow) return false
    directory.remove(hash, tuple)
    const deleted = i32[(tuple << 1) + tupleHead]!
    if (deleted !== 0 && !this.#engine.isInside(deleted, tuple) && !retired.endsWith(deleted))
      retired.push(retiredKind.block, deleted, site.retireStamp())
    i32[(tuple << 1) + tupleLeaf] = emptied === 0 ? 0 : leafEmptied
    retired.push(retiredKind.tuple, tuple, site.retireStamp())
    i32[this.#area + siteArea.unlinkedTuple] = 0
    i32[this.#area + siteArea.tupleCount]!--
    return true
  }

  /** Whether it was the last tuple of a leaf when it was taken out of the index. */
  #hasEmptied(tuple: number): boolean {
    return this.#i32[(tuple << 1) + tupleLeaf] === leafEmptied
  }

  /** Before the last tuple of a leaf is freed, the leaf goes; false if it cannot go now. */
  #isLeafGone(tuple: number): boolean {
    const tree = this.#engine.treeOf(this.#engine.readKey(tuple))
    const { reviveKey } = this.#engine
    const leaf = tree.findLeaf(reviveKey.bytes, keyStart, reviveKey.length)
    if (tree.countOf(tree.contentsOf(leaf)) !== 0) return true
    return ifRoom(() => tree.remover.removeEmptyLeaf(leaf)) === true
  }

  #isPresent(tuple: number): boolean {
    const head = this.#i32[(tuple << 1) + tupleHead]!
    return head !== 0 && this.#i32[(head << 1) + versionLength] !== lengthDeleted
  }

  /**
   * Whether it is absent since before any open transaction began, and was not present to one when that wrote
   * it. A deletion stays until it is durable: who reads that the key is absent has to know of it.
   */
  #isAbsent(tuple: number, safe: Stamp): boolean {
    const head = this.#i32[(tuple << 1) + tupleHead]!
    if (head === 0) return true
    if (this.#i32[(head << 1) + versionLength] !== lengthDeleted || this.#u64[head + deletedAt]! >= safe)
      return false
    const { log, memory } = this.#engine
    return log === undefined || log.isDurable(memory.f64[head + versionPosition]!)
  }
}

/** What the work answers, or undefined if it is for later, when there is memory. */
function ifRoom<T>(work: () => T): T | undefined {
  try {
    return work()
  } catch (error) {
    if (error instanceof MemoryFullError) return undefined
    throw error
  }
}

function isSameList(a: readonly Stamp[], b: readonly Stamp[]): boolean {
  return a.length === b.length && a.every((stamp, i) => stamp === b[i])
}
