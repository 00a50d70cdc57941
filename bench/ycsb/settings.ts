import type { ValueKind } from '../targets/target.js'
import type { KeyKind } from './keys.js'
import type { WorkloadName } from './mixes.js'

/** How likely which record is: a zipfian's theta, or all alike. */
export type Skew = number | 'uniform'

/** Everything that one run depends on; structured-cloneable, since every thread gets it. */
export interface RunSettings {
  readonly target: string
  readonly workload: WorkloadName
  readonly threads: number
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
}
