import { StuckError } from '../../src/memory/errors.js'
import type { Clock } from '../../src/tid/site.js'

/**
 * Runs the body with a clock for waits on which every look is 60 ms later: where one thread plays several,
 * nobody ever gets out of the way, so a wait is over after a few steps.
 */
export function withHurriedWaits<T>(body: () => T): T {
  const original = performance.now
  let nowMs = original.call(performance)
  performance.now = () => (nowMs += 60)
  try {
    return body()
  } finally {
    performance.now = original
  }
}

/** What the body gives, or 'waits' if it waits for somebody who, in this thread, cannot go on meanwhile. */
export function orWaits<T>(body: () => T): T | 'waits' {
  return withHurriedWaits(() => {
    try {
      return body()
    } catch (error) {
      if (error instanceof StuckError) return 'waits'
      throw error
    }
  })
}

/** A clock that tests move: it stands still for `readings` readings, then goes on by `stepNs`. */
export class SteppingClock {
  nowNs = 1_000_000n
  readings = 0
  readonly #stepNs: bigint
  readonly #every: number

  constructor(stepNs: bigint, every = 1) {
    this.#stepNs = stepNs
    this.#every = every
  }

  readonly read: Clock = () => {
    if (++this.readings % this.#every === 0) this.nowNs += this.#stepNs
    return this.nowNs
  }
}
