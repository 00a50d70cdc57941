import { StuckError } from './errors.js'
import { header } from './layout.js'

/**
 * A short mutual exclusion that carries the site of its holder: 0 is free.
 *
 * A holder runs a few hundred instructions and never waits for a transaction. It may be preempted, or die: a
 * waiter spins, then sleeps in steps, asks `Liveness` about the holder, and gives up with `StuckError` after
 * `waitLimitMs`.
 */
export interface Liveness {
  /** Recovers the site if its thread is known to be dead; true if the wait may now succeed. */
  recoverIfDead(site: number): boolean
}

export const waitLimitMs = 10_000
const spinLimit = 200
const sleepMs = 0.05
const livenessCheckMs = 2

export class Latches {
  readonly #i32: Int32Array
  readonly #site: number
  readonly #liveness: Liveness

  constructor(i32: Int32Array, site: number, liveness: Liveness) {
    this.#i32 = i32
    this.#site = site
    this.#liveness = liveness
  }

  acquire(word: number): void {
    if (Atomics.compareExchange(this.#i32, word, 0, this.#site) !== 0) this.#acquireSlow(word)
  }

  tryAcquire(word: number): boolean {
    return Atomics.compareExchange(this.#i32, word, 0, this.#site) === 0
  }

  release(word: number): void {
    Atomics.store(this.#i32, word, 0)
  }

  #acquireSlow(word: number): void {
    const wait = new Wait(this.#i32, this.#liveness)
    for (;;) {
      const holder = Atomics.compareExchange(this.#i32, word, 0, this.#site)
      if (holder === 0) return
      wait.step(holder, 'a latch')
    }
  }
}

/** One bounded wait for another site: spin, sleep, look whether it lives, give up. */
export class Wait {
  readonly #i32: Int32Array
  readonly #liveness: Liveness
  #spins = 0
  #startedMs = 0
  #checkedMs = 0

  constructor(i32: Int32Array, liveness: Liveness) {
    this.#i32 = i32
    this.#liveness = liveness
  }

  /** Waits a little. Throws `StuckError` when the whole wait is over `waitLimitMs`. */
  step(holder: number, what: string): void {
    if (!this.tryStep(holder, waitLimitMs))
      throw new StuckError(what, holder, performance.now() - this.#startedMs)
  }

  /** Waits a little. False when the whole wait is over `limitMs`. */
  tryStep(holder: number, limitMs: number): boolean {
    if (++this.#spins < spinLimit) return true
    const now = performance.now()
    if (this.#startedMs === 0) this.#startedMs = this.#checkedMs = now
    if (now - this.#checkedMs >= livenessCheckMs) {
      this.#checkedMs = now
      if (this.#liveness.recoverIfDead(holder)) return true
    }
    if (now - this.#startedMs >= limitMs) return false
    Atomics.wait(this.#i32, header.sleep, 0, sleepMs)
    return true
  }
}
