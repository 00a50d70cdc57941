import type { GroupResult } from '../driver/result.js'
import { hexOf, totalOf } from '../report/json.js'
import type { RunResult } from './result.js'
import type { RunSettings } from './settings.js'

type Told = Omit<RunResult, 'settings' | 'checksum' | 'longReaders'>

/** One run as the JSON report has it: these names stay, others may come. */
export interface ReportedRun extends Told {
  readonly target: string
  readonly workload: string
  readonly threads: number
  readonly abortsPerSecond: number
  readonly checksum: string
  readonly longReaders?: Omit<GroupResult, 'checksum'> & { readonly checksum: string }
  readonly options: Omit<RunSettings, 'target' | 'workload' | 'threads'>
}

export function reportedRun(result: RunResult): ReportedRun {
  const { settings, checksum, longReaders, aborts, seconds, ...rest } = result
  const { target, workload, threads, ...options } = settings
  return {
    target,
    workload,
    threads,
    seconds,
    abortsPerSecond: totalOf(aborts) / seconds,
    aborts,
    ...rest,
    checksum: hexOf(checksum),
    ...(longReaders && { longReaders: { ...longReaders, checksum: hexOf(longReaders.checksum) } }),
    options,
  }
}
