import { isLackOfRoom } from '../memory/errors.js'
import { header, siteArea } from '../memory/layout.js'
import type { Liveness } from '../memory/latch.js'
import type { SharedMemory } from '../memory/sharedMemory.js'
import type { Clock } from '../tid/site.js'
import { SiteTable, siteState } from '../tid/siteTable.js'
import { type Stamp, stampNone } from '../tid/stamp.js'
import { type AbortReason, abortReasons } from './abort.js'
import { Catalog } from './catalog.js'
import { Collector } from './collector.js'
import { Committer } from './commit.js'
import type { CommitLog } from './commitLog.js'
import { Directory } from './directory.js'
import type { Tree } from './index/tree.js'
import { KeyBuffer } from './keyBuffer.js'
import { Recoverer } from './recover.js'
import { queueLength, retiredKind, type RetiredQueue } from './retired.js'
import { SiteContext } from './siteContext.js'
import { type Mode, MvccTransaction } from './transaction.js'
import { insideOf, keyLengthOfMeta, tableOfMeta, tupleHead, tupleKey, tupleKeyByte } from './tuple.js'
import { deletedAt, lengthDeleted, versionLength, versionOlder } from './version.js'

/** Words of a site's counters, as 64-bit floats. */
export const counter = { committed: 0, aborted: 1 } as const

/** Commits collect when so many entries were queued, and look for orphans after so many collections. */
const collectAfter = 48
const adoptEvery = 64

export interface EngineOptions {
  readonly memory: SharedMemory
  /** Node's number of this thread. */
  readonly thread: number
  /**
   * The operating system's number of this thread, and whether a thread of such a number is known to be gone.
   */
  readonly nativeThread?: number
  readonly isThreadDead?: (nativeThread: number) => boolean
  readonly clock?: Clock
  /** Makes the way into the journal, for each site of the thread. */
  readonly createLog?: (engine: Engine) => CommitLog
}

/**
 * The engine as one thread uses it: runs transactions over the shared memory, synchronously, without any I/O.
 */
export class Engine {
  readonly memory: SharedMemory
  readonly context: SiteContext
  readonly directory: Directory
  readonly catalog: Catalog
  readonly recoverer: Recoverer
  /** Where commits are recorded; `undefined` in a store without a journal. */
  readonly log: CommitLog | undefined
  /** The key of the operation at hand. */
  readonly key: KeyBuffer = new KeyBuffer()
  /** Scratch for keys read back from tuples. */
  readonly reviveKey: KeyBuffer = new KeyBuffer()
  /** A safe stamp computed not long ago. */
  safeStamp: Stamp = stampNone
  readonly #options: EngineOptions
  readonly #committer: Committer
  /** @internal For a recoverer. */ readonly collector: Collector
  readonly #pool: MvccTransaction[] = []
  readonly #counters: number
  readonly #claimedChunks: number[]
  #collections = 0
  #hasLeft = false

  constructor(options: EngineOptions) {
    const { memory, thread, nativeThread, clock } = options
    const sites = new SiteTable(memory.i32, memory.u64, memory.layout.siteTableStart)
    const id = sites.register(thread, nativeThread ?? 0)
    this.#options = options
    this.memory = memory
    const liveness: Liveness = {
      recoverIfDead: (site) => {
        const deadThread = sites.threadOf(site)
        return this.#isDead(site) && this.recoverer.recover(site, deadThread)
      },
    }
    const poolLiveness: Liveness = {
      recoverIfDead: (site) => this.#isDead(site) && this.recoverer.freePoolLatches(site),
    }
    this.context = new SiteContext(memory, sites, id, liveness, poolLiveness, clock)
    this.directory = new Directory(memory)
    this.log = options.createLog?.(this)
    this.catalog = new Catalog(this.context, this.log)
    this.#committer = new Committer(this)
    this.collector = new Collector(this)
    this.recoverer = new Recoverer(this)
    const { reclaimer } = this.context.arena
    this.#claimedChunks = reclaimer.claimed
    reclaimer.forAbandoned = (visit) => this.#forAbandoned(visit)
    this.#counters = (this.context.area + siteArea.counters) >> 1
  }

  /** Opens a transaction. Every one is given back by `commit` or `abort`. */
  begin(mode: Mode, age: Stamp = stampNone): MvccTransaction {
    const tx = this.#pool.pop() ?? new MvccTransaction(this)
    tx.begin(mode, age)
    return tx
  }

  /** Ends the transaction: its writes are visible, or undone for the reason answered. */
  commit(tx: MvccTransaction): AbortReason | undefined {
    let reason: AbortReason | undefined
    try {
      reason = this.#committer.commit(tx)
    } catch (error) {
      this.abort(tx, 'memory')
      throw error
    }
    if (reason !== undefined) {
      this.abort(tx, reason)
      return reason
    }
    this.memory.f64[this.#counters + counter.committed]!++
    try {
      if (tx.writes.count !== 0) {
        tx.tuples.enterPending()
        tx.tuples.withdrawChecks()
        this.#tidy()
      }
    } finally {
      this.#end(tx)
    }
    return undefined
  }

  /** Ends the transaction without a trace but the count of its reason. */
  abort(tx: MvccTransaction, reason: AbortReason): void {
    if (tx.locker !== 0) this.#committer.release(tx)
    this.memory.f64[this.#counters + counter.aborted + abortReasons.indexOf(reason)]!++
    this.#end(tx)
  }

  treeOf(table: number): Tree {
    return this.catalog.treeOf(table)
  }

  /**
   * Makes the version of a commit list's entry the newest of its tuple, and gives the tuple back. Room in the
   * queue of retired blocks was reserved.
   */
  install(entry: number, stamp: Stamp, retired: RetiredQueue = this.context.retired): void {
    const { i32, u64 } = this.memory
    const tuple = i32[entry]!
    const version = i32[entry + 1]!
    const head = (tuple << 1) + tupleHead
    const old = i32[head]!
    i32[(version << 1) + versionOlder] = old
    u64[version] = stamp
    Atomics.store(i32, head, version)
    const isDelete = i32[(version << 1) + versionLength] === lengthDeleted
    // Read after the key is absent to everybody: whoever saw it present has begun before.
    if (isDelete) u64[version + deletedAt] = this.context.site.retireStamp()
    Atomics.store(u64, tuple, stamp)
    if (old !== 0 && !this.isInside(old, tuple)) retired.push(retiredKind.block, old, stamp, tuple)
    if (isDelete) retired.push(retiredKind.absent, tuple, u64[version + deletedAt]!)
  }

  /** Whether the index leads to this very tuple. */
  isEntered(tuple: number): boolean {
    const table = this.readKey(tuple)
    return table !== 0 && this.treeOf(table).find(this.reviveKey) === tuple
  }

  /** Puts the tuple's key into `reviveKey`. The answer is its table. */
  readKey(tuple: number): number {
    const { memory, reviveKey } = this
    const meta = memory.i32[(tuple << 1) + tupleKey]!
    const table = tableOfMeta(meta)
    reviveKey.set(table, memory.windowOf(tuple), memory.offsetOf(tuple) + tupleKeyByte, keyLengthOfMeta(meta))
    return table
  }

  /** Whether a version lies inside its tuple, and not in a block of its own. */
  isInside(version: number, tuple: number): boolean {
    return version === insideOf(tuple, keyLengthOfMeta(this.memory.i32[(tuple << 1) + tupleKey]!))
  }

  /** Works off what is garbage now, of this site and of sites that are gone. The answer is how much. */
  collect(limit: number = Number.POSITIVE_INFINITY): number {
    const stamp = this.context.site.begin()
    try {
      return this.collector.collect(limit) + this.collector.adoptOrphans(limit)
    } finally {
      this.context.site.end(stamp)
      if (this.#claimedChunks.length !== 0) this.#retireClaimedChunks()
    }
  }

  /** Keys in the index, absent ones that are not yet taken out included. */
  get tupleCount(): number {
    const { memory, context } = this
    let count = 0
    for (let id = context.sites.highWater; id > 0; id--)
      count += memory.i32[memory.siteAreaOf(id) + siteArea.tupleCount]!
    return count
  }

  /** Bytes of blocks in use, over all sites. */
  get usedBytes(): number {
    const { memory, context } = this
    let bytes = 0
    for (let id = context.sites.highWater; id > 0; id--)
      bytes += memory.f64[(memory.siteAreaOf(id) + siteArea.usedBytes) >> 1]!
    return bytes
  }

  /** Versions, and replaced blocks of the index, that held snapshots keep, over all sites. */
  get keptCount(): number {
    const { memory, context } = this
    let count = 0
    for (let id = context.sites.highWater; id > 0; id--)
      count += memory.i32[memory.siteAreaOf(id) + siteArea.keptEnds + queueLength]!
    return count
  }

  /** The sum of a counter over all sites. */
  sumCounter(index: number): number {
    const { memory, context } = this
    let sum = 0
    for (let id = context.sites.highWater; id > 0; id--)
      sum += memory.f64[((memory.siteAreaOf(id) + siteArea.counters) >> 1) + index]!
    return sum
  }

  /**
   * Who holds back collection: the thread of the oldest open transaction, and for how long it has been open.
   */
  oldestOpen(): { thread: number; ageMs: number } | undefined {
    const { sites, site } = this.context
    let oldest: { bound: Stamp; id: number } | undefined
    for (let id = sites.highWater; id > 0; id--) {
      const bound = sites.oldestOf(id)
      if (bound !== undefined && (oldest === undefined || bound < oldest.bound)) oldest = { bound, id }
    }
    if (oldest === undefined) return undefined
    return { thread: sites.threadOf(oldest.id), ageMs: Math.max(0, site.msSince(oldest.bound)) }
  }

  get isClosed(): boolean {
    return this.#hasLeft || this.memory.i32[header.closed] !== 0
  }

  /** Detaches the site. Nothing of it may be open. */
  leave(): void {
    this.#hasLeft = true
    try {
      this.collect()
    } catch (error) {
      // What is left to collect stays queued, for others.
      if (!isLackOfRoom(error)) throw error
    } finally {
      const { arena, sites, site } = this.context
      arena.pool.disclaim(site.id)
      this.#claimedChunks.length = 0
      sites.leave(site.id)
    }
  }

  /** Another site of this thread, for work that must not disturb what this one is in the middle of. */
  sibling(): Engine {
    return new Engine(this.#options)
  }

  /**
   * Chunks of tuples become free when no open transaction can have found one of their tuples in the
   * directory. Never in the middle of an allocation: that may be the queue's own, or of one who has reserved
   * room in the queue. Those for which there is no room stay claimed.
   */
  #retireClaimedChunks(): void {
    const { arena, retired, site } = this.context
    const chunks = this.#claimedChunks
    this.directory.purge(new Set(chunks))
    try {
      for (let chunk = chunks.at(-1); chunk !== undefined; chunk = chunks.at(-1)) {
        retired.reserve()
        chunks.pop()
        arena.pool.retire(chunk)
        retired.push(retiredKind.chunk, chunk, site.retireStamp())
        arena.pool.settle()
      }
    } catch (error) {
      if (!isLackOfRoom(error)) throw error
    }
  }

  #forAbandoned(visit: (area: number) => void): void {
    const { sites, site } = this.context
    for (let id = sites.highWater; id > 0; id--) {
      if (sites.stateOf(id) !== siteState.free || !sites.adopt(id, site.id)) continue
      try {
        visit(this.memory.siteAreaOf(id))
      } finally {
        sites.leave(id)
      }
    }
  }

  #isDead(site: number): boolean {
    const { sites } = this.context
    const native = site === 0 ? 0 : sites.nativeThreadOf(site)
    return (
      native !== 0 &&
      sites.stateOf(site) === siteState.attached &&
      this.#options.isThreadDead?.(native) === true
    )
  }

  #end(tx: MvccTransaction): void {
    this.context.site.end(tx.opened, tx.stamp)
    tx.writes.clear()
    this.#pool.push(tx)
    if (this.#claimedChunks.length !== 0) this.#retireClaimedChunks()
  }

  /**
   * Works off more than was queued since the last time, so the queue is as long as open transactions make it.
   */
  #tidy(): void {
    const { retired } = this.context
    const queued = retired.pushedCount
    if (queued < collectAfter) return
    retired.pushedCount = 0
    try {
      this.collector.collect(2 * queued)
      if (++this.#collections % adoptEvery === 0) this.collector.adoptOrphans(collectAfter)
    } catch (error) {
      // The transaction has committed, and what was not collected stays queued.
      if (!isLackOfRoom(error)) throw error
    }
  }
}
