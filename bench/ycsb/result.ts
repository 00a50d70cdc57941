import type { RunSettings } from './settings.js'

export interface LatencyUs {
  readonly p50: number
  readonly p95: number
  readonly p99: number
  readonly p999: number
  readonly max: number
}

/** What the threads of one role did in the timed phase. */
export interface GroupResult {
  readonly committed: number
  readonly committedPerSecond: number
  readonly latencySamples: number
  readonly latencyUs: LatencyUs
  readonly checksum: number
}

/** One measured run. */
export interface RunResult extends GroupResult {
  readonly settings: RunSettings
  /** The length of the timed phase. */
  readonly seconds: number
  readonly loadSeconds: number
  readonly bytesPerRecord: number
  /** Aborted attempts by reason, of all threads, in the timed phase. */
  readonly aborts: Readonly<Record<string, number>>
  readonly memoryBytes: number
  readonly memoryPeakBytes: number
  /** How many records were there at the end, all found and well-formed. */
  readonly records: number
  readonly longReaders?: GroupResult
  /** Whether the run was cut short by a signal. */
  readonly interrupted: boolean
}
