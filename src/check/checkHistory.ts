import { TidemarkError } from '../errors.js'
import type { History } from '../history/history.js'
import { checkTids } from './tids.js'
import { checkTransactions, workloadOf } from './transactions/check.js'
import type { RegisterAssumptions } from './transactions/versions.js'
import type { Verdict } from './verdict.js'
import { workloadCheckers, type WorkloadOptions } from './workloads/registry.js'

/** Of all workloads; each reads those it knows. */
export interface CheckHistoryOptions extends WorkloadOptions, RegisterAssumptions {
  /** One of `workloadNames`. By default, what the transactions of the history look like. */
  readonly workload?: string
  /** Consistency models, of transactions only; by default strict-serializable. */
  readonly models?: readonly string[]
}

type AnyChecker = (history: History, options: CheckHistoryOptions) => Verdict

const checkers: Readonly<Record<string, AnyChecker>> = {
  'list-append': (history, options) => checkTransactions(history, { ...options, workload: 'list-append' }),
  'rw-register': (history, options) => checkTransactions(history, { ...options, workload: 'rw-register' }),
  tids: checkTids,
  ...workloadCheckers,
}

/** The workloads that `checkHistory` knows. */
export const workloadNames: readonly string[] = Object.keys(checkers)

export class UnknownWorkloadError extends TidemarkError {
  constructor(workload: string | undefined) {
    const problem =
      workload === undefined ? 'the history holds no transactions' : `no workload is '${workload}'`
    super(`${problem}; name one of the workloads: ${workloadNames.join(', ')}`, {
      code: 'TIDEMARK_UNKNOWN_WORKLOAD',
    })
  }
}

/**
 * Judges a history of any database.
 *
 * @throws UnknownWorkloadError, UnknownModelError; WorkloadError or HistoryFormatError when the history is
 * none of that workload.
 */
export function checkHistory(history: History, options: CheckHistoryOptions = {}): Verdict {
  const workload = options.workload ?? workloadOf(history)
  const checker =
    workload === undefined || !Object.hasOwn(checkers, workload) ? undefined : checkers[workload]
  if (checker === undefined) throw new UnknownWorkloadError(workload)
  return checker(history, options)
}
