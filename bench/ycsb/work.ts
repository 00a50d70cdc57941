import type { RunControl, ThreadReport } from '../driver/control.js'
import { type LaneWork, runLanes } from '../driver/lanes.js'
import { runPhases, type ThreadWork } from '../driver/loop.js'
import type { Committing } from '../targets/target.js'
import { bankTransactions } from './bank.js'
import { coreTransactions } from './core.js'
import type { RunSettings } from './settings.js'
import type { ThreadContext } from './thread.js'
import { longReads, mixedTransactions } from './transactional.js'

export type Role = 'worker' | 'longReader'

export interface ThreadLanes<V> {
  /** One context for each transaction in flight; a target that commits before it returns uses the first. */
  readonly lanes: readonly ThreadContext<V>[]
  readonly role: Role
  readonly onReady: () => void
}

/** Everything between a thread's connection and its end. */
export async function runThread<V>(
  control: RunControl,
  report: ThreadReport,
  { lanes, role, onReady }: ThreadLanes<V>,
): Promise<void> {
  if (lanes[0]!.session.isSync) {
    const work = workOf(lanes[0]!, role)
    onReady()
    runPhases(control, report, work)
  } else {
    const works = lanes.map((lane) => laneOf(lane, role))
    onReady()
    await runLanes(control, report, works)
  }
}

/** The work of one thread of a run on a target that commits before its calls return. */
export function workOf<V>(context: ThreadContext<V>, role: Role): ThreadWork {
  const { settings, digest } = context
  const run = transactionsOf(context, role)
  return {
    runTransaction: () => {
      // Nothing to wait for: the session said so.
      void run()
      return 0
    },
    transactionsPerSample: role === 'longReader' ? 1 : samplingOf(settings),
    checksum: () => digest.value,
  }
}

/** The work of one of the transactions that a thread has in flight. */
export function laneOf<V>(context: ThreadContext<V>, role: Role): LaneWork {
  return { runTransaction: transactionsOf(context, role), checksum: () => context.digest.value }
}

function transactionsOf<V>(context: ThreadContext<V>, role: Role): () => Committing {
  if (role === 'longReader') return longReads(context)
  const { workload } = context.settings
  if (workload === 'bank') return bankTransactions(context)
  return workload === 'txn' ? mixedTransactions(context) : coreTransactions(context, workload)
}

/** Short transactions are timed one in 32, longer ones more often, so that the samples are as many. */
function samplingOf({ workload, readRatio, operationsPerTransaction }: RunSettings): number {
  if (workload === 'e' || (workload === 'txn' && readRatio === 'scan')) return 4
  return workload === 'txn' ? Math.max(1, Math.min(32, Math.floor(128 / operationsPerTransaction))) : 32
}
