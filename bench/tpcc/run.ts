import { open, type OpenOptions, type Store } from 'tidemark'
import { UsageError } from '../command/options.js'
import { measure as measureThreads } from '../driver/measure.js'
import { committedOf, groupResult, kindResult } from '../driver/result.js'
import { Random } from '../generators/random.js'
import { DeliveryLog } from './deliveryLog.js'
import { InputRandom, nurandConstants } from './inputRandom.js'
import { committedKinds, kindCount, kinds, transactionKinds } from './kinds.js'
import { load } from './load.js'
import { populationOf } from './population.js'
import type { RunResult } from './result.js'
import { openTables } from './schema.js'
import type { RunSettings } from './settings.js'
import { verify } from './verify.js'
import type { WorkerTask } from './worker.js'

/** Is told what a run is doing. */
export interface RunObserver {
  loading(loaded: number): void
  warmingUp(): void
  timing(seconds: number, committed: number): void
  verifying(): void
}

/**
 * Loads a store, lets the threads work on it, and checks that it is consistent. An abort of `interrupt` ends
 * the run early but in order; there is no result when it comes before the timed phase.
 */
export async function runOnce(
  settings: RunSettings,
  observer: RunObserver,
  interrupt: AbortSignal,
): Promise<RunResult | undefined> {
  const store = await open(openOptions(settings))
  try {
    if (store.stats().keys > 0)
      throw new UsageError(`there is a store in ${settings.path} already: give --path a new folder`)
    const tables = openTables(store)
    const population = populationOf(settings.warehouses, settings.scale)
    const { seed } = settings
    const random = new InputRandom(new Random(seed), population, nurandConstants(seed))
    const started = performance.now()
    await load({ store, tables, population, random }, (count) => observer.loading(count), interrupt)
    const loadSeconds = secondsSince(started)
    const loadedBytes = store.stats().usedBytes
    if (interrupt.aborted) return undefined
    const measured = await measure(settings, store, observer, interrupt)
    if (measured === undefined) return undefined
    observer.verifying()
    const checkStarted = performance.now()
    verify(store, tables, population)
    const checked = { checkSeconds: secondsSince(checkStarted), interrupted: interrupt.aborted }
    return { settings, loadSeconds, loadedBytes, ...measured, ...checked }
  } finally {
    await store.close()
  }
}

/** Options of the store that were not given are left to its defaults. */
function openOptions({ memoryLimitBytes, path, durability }: RunSettings): OpenOptions {
  return {
    name: 'tpcc',
    ...(memoryLimitBytes !== undefined && { memoryLimitBytes }),
    ...(path !== undefined && { path }),
    ...(durability !== undefined && { durability }),
  }
}

type Measured = Omit<RunResult, 'settings' | 'loadSeconds' | 'loadedBytes' | 'checkSeconds' | 'interrupted'>

async function measure(
  settings: RunSettings,
  store: Store,
  observer: RunObserver,
  interrupt: AbortSignal,
): Promise<Measured | undefined> {
  const { threads, warmup, seconds } = settings
  const log = DeliveryLog.forThreads(threads)
  const tasks = Array.from({ length: threads }, (_, thread): Omit<WorkerTask, 'control'> => {
    return { settings, handle: store.handle, thread, deliveries: log.buffer }
  })
  const measured = await measureThreads(
    {
      script: new URL('./worker.js', import.meta.url),
      tasks,
      kinds: kindCount,
      warmup,
      seconds,
      counters: () => {
        const { memoryBytes, transactions } = store.stats()
        return { memoryBytes, aborts: { ...transactions.aborted } }
      },
      onWarmup: () => observer.warmingUp(),
      onTick: (elapsed, reports) => observer.timing(elapsed, committedOf(reports)),
    },
    interrupt,
  )
  if (measured === undefined) return undefined
  const { timed, reports } = measured
  const results = transactionKinds.map((kind) => [kind, kindResult(reports, [kinds[kind]])] as const)
  const transactions = Object.fromEntries(results) as Measured['transactions']
  const { deliveredOrders, skippedDistricts, queuedMsMax } = log
  return {
    ...timed,
    ...groupResult(reports, committedKinds),
    newOrdersPerMinute: transactions.newOrder.committedPerSecond * 60,
    transactions,
    rolledBack: kindResult(reports, [kinds.rolledBack]).committed,
    deliveries: { deliveredOrders, skippedDistricts, queuedMsMax },
  }
}

function secondsSince(started: number): number {
  return (performance.now() - started) / 1000
}
