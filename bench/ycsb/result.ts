import type { WrittenHistory } from 'tidemark/history'
import type { TimedPhase } from '../driver/measure.js'
import type { GroupResult } from '../driver/result.js'
import type { RunSettings } from './settings.js'

/** One measured run. Aborts are attempts of all threads in the timed phase, by reason. */
export interface RunResult extends GroupResult, TimedPhase {
  readonly settings: RunSettings
  readonly loadSeconds: number
  readonly bytesPerRecord: number
  /** How many records were there at the end, all found and well-formed. */
  readonly records: number
  readonly longReaders?: GroupResult
  /** What was recorded of it, warm-up included. */
  readonly history?: WrittenHistory
  /** Whether the run was cut short by a signal. */
  readonly interrupted: boolean
}
