import { writeFile } from 'node:fs/promises'
import type { GroupResult, RunResult } from '../ycsb/result.js'
import type { RunSettings } from '../ycsb/settings.js'
import type { Machine } from './machine.js'

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

export function reportOf(machine: Machine, results: readonly RunResult[]): string {
  return `${JSON.stringify({ machine, results: results.map(reportedRun) }, undefined, 2)}\n`
}

export async function writeReport(
  path: string,
  machine: Machine,
  results: readonly RunResult[],
): Promise<void> {
  await writeFile(path, reportOf(machine, results))
}

export function hexOf(checksum: number): string {
  return checksum.toString(16).padStart(8, '0')
}

export function totalOf(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0)
}
