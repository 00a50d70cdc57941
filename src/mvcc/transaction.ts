import { Wait } from '../memory/latch.js'
import type { Stamp } from '../tid/stamp.js'
import type { Engine } from './engine.js'
import { raiseLeaf } from './index/node.js'
import type { Tree } from './index/tree.js'
import { type KeyBuffer, keyStart } from './keyBuffer.js'
import { createLocker, holderOf, lockedWord, lockerOf, raiseFloor } from './locker.js'
import { lockLeaf, lockTuple } from './locking.js'
import { touchFirst, touchSecond, tupleHead, wordState } from './tuple.js'
import { TupleMaker } from './tupleMaker.js'
import {
  lengthDeleted,
  versionHeaderBytes,
  versionHeaderWords,
  versionLength,
  versionOlder,
  versionPosition,
} from './version.js'
import { notWritten, WriteSet, writeDeleted } from './writeSet.js'

/** A version below more newer ones than these is remembered. */
const newerVersionsMax = 32

/** Values up to this length are copied by a loop. */
const copiedBytes = 1024

export type Mode = 'optimistic' | 'locking'

/**
 * One attempt of one transaction: reads at its tid, collects writes, and is then committed or undone by the
 * engine. Instances are used again for later transactions. `read` leaves what it found in `source`, `start`
 * and `end`.
 */
export class MvccTransaction {
  stamp: Stamp = 0n
  /** The stamp that the site has open for it; in locking mode `stamp` becomes a later one at commit. */
  opened: Stamp = 0n
  /** Address of the locker in locking mode, otherwise 0. */
  locker = 0
  /** Where the last record ends, of those that wrote what this one has read, or of its own. */
  position = 0
  /** Whether a journal, if there is one, records the writes. */
  isLogged = true
  /** Whether it is a held snapshot: see `hold`. */
  isHeld = false
  /** Whether it only reads, so that it may become one when it goes on for long. */
  mayHold = false
  readonly writes: WriteSet = new WriteSet()
  /** The bytes of the value last read: copy them before anything else. */
  source: Buffer
  start = 0
  end = 0
  /** Of the key last read: its tuple, and the version whose value it is; 0 if that is a write of its own. */
  #tuple = 0
  #version = 0
  /** The versions that it sees below many newer ones, by their tuples; 0 where the key is absent. */
  readonly #farVersions = new Map<number, number>()
  /** Finds or makes the tuples that it writes. */
  readonly tuples: TupleMaker
  readonly #engine: Engine
  readonly #i32: Int32Array
  readonly #u64: BigUint64Array
  readonly #f64: Float64Array
  readonly #scratch = new BigUint64Array(1)
  readonly #low = new Int32Array(this.#scratch.buffer)
  /** Keeps what was fetched ahead, so that the fetch is not optimized away. */
  touched = 0

  constructor(engine: Engine) {
    this.#engine = engine
    this.#i32 = engine.memory.i32
    this.#u64 = engine.memory.u64
    this.#f64 = engine.memory.f64
    this.source = this.writes.staging
    this.tuples = new TupleMaker(engine, this)
  }

  /** Begins an attempt. In locking mode `age` is the stamp of the first attempt, or 0 if this is it. */
  begin(mode: Mode, age: Stamp): void {
    this.opened = this.stamp = this.#engine.context.site.begin()
    this.position = 0
    this.isLogged = true
    this.isHeld = this.mayHold = false
    this.tuples.begin()
    if (this.#farVersions.size !== 0) this.#farVersions.clear()
    if (mode !== 'locking') return
    try {
      this.locker = createLocker(this.#engine.context, age === 0n ? this.stamp : age)
    } catch (error) {
      this.#engine.context.site.end(this.opened)
      throw error
    }
  }

  /**
   * Makes it a held snapshot, for which nothing is kept but what it can see; its reads cost a little more.
   * It has no writes, and will have none. A site that holds too many leaves it as it is.
   */
  hold(): void {
    if (!this.isHeld) this.isHeld = this.#engine.context.site.hold(this.opened)
  }

  /** Looks the key up; false if it is absent. */
  read(tree: Tree, key: KeyBuffer): boolean {
    let tuple = this.#engine.directory.hint(key.hash)
    // The value is usually next to the tuple: the processor fetches it while the tuple is waited for.
    this.touched = this.#i32[(tuple << 1) + touchFirst]! ^ this.#i32[(tuple << 1) + touchSecond]!
    // The key is compared after the protection, which is an acquire, so it is the key of the tuple protected.
    if (tuple === 0 || !this.protect(tuple) || !this.#engine.directory.hasKey(tuple, key))
      tuple = this.#locate(tree, key)
    if (tuple === 0) return false
    this.#tuple = tuple
    if (this.writes.count !== 0) {
      const entry = this.writes.indexOf(tuple)
      if (entry !== notWritten) return this.showWrite(entry)
    }
    return this.show(this.visible(tuple))
  }

  /**
   * Fetches what reads of keys of these hashes will look at, all of it at once, instead of one after the
   * other as the reads themselves must: each waits for its bucket to know the tuple, and protects that before
   * it goes on.
   */
  fetchAhead(hashes: Int32Array, count: number): void {
    const { directory } = this.#engine
    const i32 = this.#i32
    let touched = 0
    for (let i = 0; i < count; i++) touched ^= directory.touch(hashes[i]!)
    for (let i = 0; i < count; i++) {
      const tuple = directory.hint(hashes[i]!) << 1
      touched ^= i32[tuple]! ^ i32[tuple + touchFirst]! ^ i32[tuple + touchSecond]!
    }
    this.touched = touched
  }

  /** Stages a write: the value is `writes.staging` from `start` to `end`, or a delete. */
  write(tree: Tree, key: KeyBuffer, start: number, end: number): void {
    for (;;) {
      const tuple = this.tuples.find(tree, key, end - start)
      if (tuple === this.tuples.made && this.locker === 0) {
        this.writes.add(tuple, start, end)
        return
      }
      // A locked tuple stays; so does a present one; an absent one would be taken out, unless it is marked as
      // in use.
      if ((this.locker !== 0 || this.#isAbsent(tuple)) && !this.protect(tuple)) continue
      this.writes.set(tuple, start, end)
      return
    }
  }

  /**
   * As `write`, if the key is absent; otherwise false. Only the key itself is protected, not its
   * neighbourhood. A tuple that this transaction has made carries its stamp from the beginning: who writes
   * it commits above that, so the key is absent below.
   */
  insert(tree: Tree, key: KeyBuffer, start: number, end: number): boolean {
    for (;;) {
      const tuple = this.tuples.findNear(tree, key, end - start)
      if (tuple === this.tuples.made && this.locker === 0) {
        this.writes.add(tuple, start, end)
        return true
      }
      const entry = this.writes.indexOf(tuple)
      if (entry !== notWritten && this.writes.ends[entry] !== writeDeleted) return false
      if (!this.protect(tuple)) continue
      if (entry === notWritten && this.visible(tuple) !== 0) return false
      this.writes.set(tuple, start, end)
      return true
    }
  }

  /** Stages a copy of the value last read, to be changed and given to `rewrite`. Answers where it begins. */
  stageCopy(): number {
    const { writes } = this
    const start = (writes.stagedBytes + 3) & ~3
    const length = this.end - this.start
    while (writes.staging.length - start < length) writes.growStaging()
    const isOwn = this.#version === 0
    if (isOwn || length > copiedBytes) {
      const source = isOwn ? writes.staging : this.source
      source.copy(writes.staging, start, this.start, this.end)
      return start
    }
    const { stagingWords } = writes
    const from = (this.#version << 1) + versionHeaderWords
    const to = start >> 2
    for (let i = 0, words = (length + 3) >> 2; i < words; i++) stagingWords[to + i] = this.#i32[from + i]!
    return start
  }

  /** Writes the key last read. */
  rewrite(start: number, end: number): void {
    this.writes.set(this.#tuple, start, end)
  }

  delete(tree: Tree, key: KeyBuffer): void {
    this.write(tree, key, 0, writeDeleted)
  }

  /**
   * Protects what this transaction reads of the tuple from writers below its tid; false if the tuple is dead.
   *
   * Waits in one case only: the tuple is owned by a transaction that commits below this one, whose version is
   * what must be read. When it answers true, one of these holds, and nothing that commits later can change
   * what is read:
   * 1. the stamp is at or above this tid, so a writer below it is refused from now on;
   * 2. the tuple is owned above this tid: the same, and the version to come is not ours to see;
   * 3. the tuple is locked, and its locker's floor is at or above this tid, so it will commit above it.
   */
  protect(tuple: number): boolean {
    if (this.locker !== 0) return lockTuple(this.#engine, this, tuple)
    const u64 = this.#u64
    const stamp = this.stamp
    let wait: Wait | undefined
    let found = u64[tuple]!
    for (;;) {
      this.#scratch[0] = found
      const state = this.#low[0]! & 3
      if (state === wordState.free && found < stamp) {
        const was = Atomics.compareExchange(u64, tuple, found, stamp)
        if (was === found) return true
        found = was
        continue
      }
      if (state === wordState.dead) return false
      if (state !== wordState.locked && found >= stamp) {
        // An acquire: the head read next is at least as new as the word.
        const again = Atomics.load(u64, tuple)
        if (again === found) return true
        found = again
        continue
      }
      wait ??= this.newWait()
      if (this.passHolder(found, wait, 'a tuple')) return true
      found = Atomics.load(u64, tuple)
    }
  }

  /**
   * What a reader does that meets a word which another has owned below it, or locked: it makes the locker
   * commit above it, and passes; or waits a little, false, and is to look again.
   */
  passHolder(word: bigint, wait: Wait, what: string): boolean {
    const isLocked = Number(word & 3n) === wordState.locked
    if (isLocked && raiseFloor(this.#u64, lockerOf(word), this.stamp)) return true
    wait.step(holderOf(this.#i32, word), what)
    return false
  }

  newWait(): Wait {
    return new Wait(this.#i32, this.#engine.context.liveness)
  }

  /** The version of a protected tuple that this transaction sees, or 0 if the key is absent. */
  visible(tuple: number): number {
    if (!this.isHeld) return this.visibleFrom(tuple, this.#i32[(tuple << 1) + tupleHead]!)
    const { site } = this.#engine.context
    site.beginWalk()
    const version = this.visibleInWalk(tuple)
    site.endWalk()
    return version
  }

  /** As `visible`, of a held snapshot, between `beginWalk` and `endWalk` of the site. */
  visibleInWalk(tuple: number): number {
    // Sequentially consistent, as the begin of the walk: what is loaded from now on was not unlinked before.
    return this.visibleFrom(tuple, Atomics.load(this.#i32, (tuple << 1) + tupleHead))
  }

  /** As `visible`, by the head of the tuple; not of a held snapshot. */
  visibleFrom(tuple: number, head: number): number {
    const i32 = this.#i32
    let version = head
    if (this.locker === 0 && version !== 0 && this.#u64[version]! >= this.stamp)
      version = this.#visibleBelow(tuple, version)
    if (version === 0) return 0
    // That a key is absent is read from a deletion, which may have to become durable too.
    const position = this.#f64[version + versionPosition]!
    if (position > this.position) this.position = position
    return i32[(version << 1) + versionLength] !== lengthDeleted ? version : 0
  }

  /**
   * As `visible`, by a version that is too new. What is visible of a protected tuple stays so, and is not
   * freed, while the transaction is open: so a key that others write all the time is walked down once, not
   * further and further at each read.
   */
  #visibleBelow(tuple: number, newer: number): number {
    const known = this.#farVersions.size === 0 ? undefined : this.#farVersions.get(tuple)
    if (known !== undefined) return known
    const i32 = this.#i32
    const u64 = this.#u64
    const stamp = this.stamp
    let version = newer
    let newerVersions = 0
    do {
      version = i32[(version << 1) + versionOlder]!
      newerVersions++
    } while (version !== 0 && u64[version]! >= stamp)
    if (newerVersions > newerVersionsMax) this.#farVersions.set(tuple, version)
    return version
  }

  /** Points `source`, `start` and `end` at a version's value; false for no version. */
  show(version: number): boolean {
    if (version === 0) return false
    this.#version = version
    const memory = this.#engine.memory
    this.source = memory.windowOf(version)
    this.start = memory.offsetOf(version) + versionHeaderBytes
    this.end = this.start + this.#i32[(version << 1) + versionLength]!
    return true
  }

  /** Protects a leaf against writes below this tid into it, or in locking mode against all. */
  protectLeaf(leaf: number): void {
    if (this.locker !== 0) {
      lockLeaf(this.#engine, this, leaf)
      return
    }
    let wait: Wait | undefined
    while (!raiseLeaf(this.#i32, this.#u64, leaf, this.stamp)) {
      const word = Atomics.load(this.#u64, leaf)
      if (Number(word & 3n) !== wordState.locked) continue
      wait ??= this.newWait()
      if (this.passHolder(word, wait, 'a range')) return
    }
  }

  holds(word: bigint): boolean {
    return this.locker !== 0 && word === lockedWord(this.locker)
  }

  /** The live tuple of the key, protected; or 0, and then the key's absence is protected. */
  #locate(tree: Tree, key: KeyBuffer): number {
    for (;;) {
      const leaf = tree.findLeaf(key.bytes, keyStart, key.length)
      this.protectLeaf(leaf)
      const block = tree.contentsOf(leaf)
      if (tree.reader.isBeyond(block, key.bytes, keyStart, key.length)) continue
      const tuple = tree.tupleIn(block, key)
      if (tuple === 0 || !this.protect(tuple)) return 0
      this.#engine.directory.enter(key.hash, tuple)
      return tuple
    }
  }

  #isAbsent(tuple: number): boolean {
    const head = this.#i32[(tuple << 1) + tupleHead]!
    return head === 0 || this.#i32[(head << 1) + versionLength] === lengthDeleted
  }

  /** As `show`, for a write of this transaction. False if it is a delete. */
  showWrite(entry: number): boolean {
    const end = this.writes.ends[entry]!
    if (end === writeDeleted) return false
    this.#version = 0
    this.source = this.writes.staging
    this.start = this.writes.starts[entry]!
    this.end = end
    return true
  }
}
