import type { TimedPhase } from '../driver/measure.js'
import type { GroupResult, KindResult } from '../driver/result.js'
import { hexOf, totalOf } from '../report/json.js'
import type { TransactionKind } from './kinds.js'
import type { RunSettings } from './settings.js'

/** One measured run. Its counts are of transactions that committed: those rolled back are told apart. */
export interface RunResult extends GroupResult, TimedPhase {
  readonly settings: RunSettings
  readonly loadSeconds: number
  readonly loadedBytes: number
  /** New-Order transactions a minute: tpmC, if this were a run by all the rules. */
  readonly newOrdersPerMinute: number
  readonly transactions: Readonly<Record<TransactionKind, KindResult>>
  /** New orders of an unused item, rolled back as they must be. */
  readonly rolledBack: number
  /** Of all deliveries, those of the warm-up included. */
  readonly deliveries: {
    readonly deliveredOrders: number
    readonly skippedDistricts: number
    readonly queuedMsMax: number
  }
  readonly checkSeconds: number
  readonly interrupted: boolean
}

/** One run as the JSON report has it: these names stay, others may come. */
export function reportedRun(result: RunResult): object {
  const { settings, checksum, seconds, ...rest } = result
  const { threads, warehouses, ...options } = settings
  return {
    target: 'tidemark',
    workload: 'tpcc',
    threads,
    warehouses,
    seconds,
    abortsPerSecond: conflictsOf(result) / seconds,
    ...rest,
    checksum: hexOf(checksum),
    options,
  }
}

/** Attempts that had to be run again. */
export function conflictsOf({ aborts }: RunResult): number {
  return totalOf(aborts) - (aborts['user'] ?? 0)
}
