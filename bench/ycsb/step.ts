import type { Committing } from '../targets/target.js'

/**
 * One kind of transaction of a workload, made once for a thread: `choose` decides what it is about, `run`
 * does it, `keep` is for after its commit.
 */
export interface Step {
  readonly choose: () => void
  readonly run: () => Committing
  readonly keep: () => void
}

/** The hot loop's function of a step, for targets that commit before they return and for others alike. */
export function performing({ choose, run, keep }: Step): () => Committing {
  return () => {
    choose()
    const pending = run()
    if (typeof pending === 'object') return pending.then(keep)
    return keep()
  }
}
