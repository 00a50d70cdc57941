import { chainLatchCount, header } from '../memory/layout.js'
import type { Stamp } from '../tid/stamp.js'
import type { Engine } from './engine.js'
import { tupleHead } from './tuple.js'
import { lengthUnlinked, unlinkedAt, versionLength, versionOlder } from './version.js'

/**
 * Takes versions out of the middle of chains, when held snapshots keep the safe stamp from passing them and
 * none of these can see them (docs/protocol.md, "Held snapshots").
 *
 * A version is seen by the transactions above its own stamp and up to its successor's. Out of its chain go
 * those whose successor is below every transaction that is not a held snapshot, and that no held snapshot
 * sees. Held snapshots that walk down the chain may still stand on one: it is marked with the time, and freed
 * when every walk began later.
 */
export class Trimmer {
  readonly #engine: Engine
  readonly #i32: Int32Array
  readonly #u64: BigUint64Array
  readonly #held: Stamp[] = []
  #bound: Stamp = 0n
  #lowest: Stamp = 0n
  #walk: Stamp = 0n

  constructor(engine: Engine) {
    this.#engine = engine
    this.#i32 = engine.memory.i32
    this.#u64 = engine.memory.u64
  }

  /** Looks at what is open; the site has pinned the safe stamp. False if nothing is held. */
  look(): boolean {
    const { site } = this.#engine.context
    this.#bound = site.lookAtOpen(this.#held)
    this.#lowest = this.#bound
    for (const stamp of this.#held) if (stamp < this.#lowest) this.#lowest = stamp
    this.#walk = 0n
    return this.#held.length !== 0
  }

  /** The held snapshots, at the last look. */
  get held(): readonly Stamp[] {
    return this.#held
  }

  /** Every transaction that is not held is at or above it. */
  get bound(): Stamp {
    return this.#bound
  }

  /** No transaction is below it. */
  get lowest(): Stamp {
    return this.#lowest
  }

  /** Whether a version is out of its chain, and nobody stands on it. */
  isFree(version: number): boolean {
    if (!this.#isUnlinked(version)) return false
    const at = this.#u64[version + unlinkedAt]!
    if (at >= this.#walk) this.#walk = this.#engine.context.site.walkStamp()
    return at < this.#walk
  }

  /**
   * Takes out of its tuple's chain a version, with the successor's stamp, and what else can go with it. False
   * if it has to stay.
   */
  unlink(version: number, tuple: number, successor: Stamp): boolean {
    if (this.#isUnlinked(version)) return true
    if (this.#isSeen(this.#u64[version]!, successor)) return false
    const latch = header.chainLatches + (tuple % chainLatchCount)
    const { latches } = this.#engine.context
    latches.acquire(latch)
    try {
      this.#trim(tuple)
    } finally {
      latches.release(latch)
    }
    return this.#isUnlinked(version)
  }

  /**
   * Walks down the chain of a tuple, whose latch is held. Nothing of what it looks at is freed meanwhile: it
   * passes versions only at or above the lowest open stamp, which no safe stamp can have passed.
   */
  #trim(tuple: number): void {
    const i32 = this.#i32
    const u64 = this.#u64
    const unlinked: number[] = []
    let newer = Atomics.load(i32, (tuple << 1) + tupleHead)
    while (newer !== 0 && u64[newer]! >= this.#lowest) {
      const first = i32[(newer << 1) + versionOlder]!
      let older = first
      while (older !== 0 && this.#mayGo(older, tuple, u64[newer]!)) {
        unlinked.push(older)
        older = i32[(older << 1) + versionOlder]!
      }
      if (older !== first) Atomics.store(i32, (newer << 1) + versionOlder, older)
      newer = older
    }
    if (unlinked.length === 0) return
    const now = this.#engine.context.site.retireStamp()
    for (const version of unlinked) {
      u64[version + unlinkedAt] = now
      Atomics.store(i32, (version << 1) + versionLength, lengthUnlinked)
    }
  }

  /** The version inside a tuple stays: its room is not used for anything else. */
  #mayGo(version: number, tuple: number, newer: Stamp): boolean {
    return (
      newer < this.#bound &&
      !this.#engine.isInside(version, tuple) &&
      !this.#isSeen(this.#u64[version]!, newer)
    )
  }

  #isSeen(version: Stamp, successor: Stamp): boolean {
    for (const stamp of this.#held) if (version < stamp && stamp <= successor) return true
    return false
  }

  /** An acquire: the time of it is read after. */
  #isUnlinked(version: number): boolean {
    return Atomics.load(this.#i32, (version << 1) + versionLength) === lengthUnlinked
  }
}
