import type { CheckpointTimes, KeyKind, ValueKind } from '../targets/target.js'
import type { WorkloadName } from './mixes.js'

/** How likely which record is: a zipfian's theta, or all alike. */
export type Skew = number | 'uniform'

/** Everything that one run depends on; structured-cloneable, since every thread gets it. */
export interface RunSettings {
  readonly target: string
  readonly workload: WorkloadName
  readonly threads: number
  /** Transactions that each thread has in flight, where the target lets them be; else one. */
  readonly inFlight: number
  readonly longReaders: number
  readonly records: number
  readonly seconds: number
  readonly warmup: number
  readonly seed: number
  readonly skew: Skew
  readonly value: ValueKind
  readonly keys: KeyKind
  readonly readFields: 'one' | 'all'
  readonly operationsPerTransaction: number
  /** The share of reads in percent, or transactions that are one range read each. */
  readonly readRatio: number | 'scan'
  readonly api: 'transaction' | 'snapshot'
  readonly memoryLimitBytes: number | undefined
  readonly checkpoints?: CheckpointTimes
  /** The target's own folder for files, for targets that have any. */
  readonly directory: string | undefined
  /** Where the recorded history goes; undefined when nothing is recorded. */
  readonly history: string | undefined
}
