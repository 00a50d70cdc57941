import type { ThreadWork } from '../driver/loop.js'
import { coreTransactions } from './core.js'
import type { RunSettings } from './settings.js'
import type { ThreadContext } from './thread.js'
import { longReads, mixedTransactions } from './transactional.js'

export type Role = 'worker' | 'longReader'

/** The work of one thread of a run. */
export function workOf<V>(context: ThreadContext<V>, role: Role): ThreadWork {
  const { settings, digest } = context
  const run = transactionsOf(context, role)
  return {
    runTransaction: () => {
      run()
      return 0
    },
    transactionsPerSample: role === 'longReader' ? 1 : samplingOf(settings),
    checksum: () => digest.value,
  }
}

function transactionsOf<V>(context: ThreadContext<V>, role: Role): () => void {
  if (role === 'longReader') return longReads(context)
  const { workload } = context.settings
  return workload === 'txn' ? mixedTransactions(context) : coreTransactions(context, workload)
}

/** Short transactions are timed one in 32, longer ones more often, so that the samples are as many. */
function samplingOf({ workload, readRatio, operationsPerTransaction }: RunSettings): number {
  if (workload === 'e' || (workload === 'txn' && readRatio === 'scan')) return 4
  return workload === 'txn' ? Math.max(1, Math.min(32, Math.floor(128 / operationsPerTransaction))) : 32
}
