import { access, constants, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { writeReport } from '../report/json.js'
import { thisMachine } from '../report/machine.js'
import { ProgressLine, styled } from '../report/terminal.js'
import { formatCount } from '../report/units.js'
import type { Invocation } from './options.js'
import type { RunResult } from './result.js'
import { type RunObserver, runOnce } from './run.js'
import { headingOf, notesOf, tableHead, tableRow } from './screen.js'
import type { RunSettings } from './settings.js'

/** The report cannot be written where it was asked for. */
export class ReportError extends Error {
  override readonly name = 'ReportError'
}

/** Does all runs in turn, prints each group as a table, and writes the report anew after each run. */
export async function benchmark({ groups, json }: Invocation, interrupt: AbortSignal): Promise<void> {
  const machine = thisMachine()
  if (json !== undefined) await refuseUnwritable(json)
  print(styled('dim', `${machine.cores} x ${machine.cpu}, Node ${machine.node}`, process.stdout))
  const all: RunResult[] = []
  for (const group of groups) {
    if (interrupt.aborted) break
    await runGroup(group, interrupt, async (result) => {
      all.push(result)
      if (json !== undefined) await reported(json, writeReport(json, machine, all))
    })
  }
}

async function runGroup(
  group: readonly RunSettings[],
  interrupt: AbortSignal,
  onResult: (result: RunResult) => Promise<void>,
): Promise<void> {
  const heading = headingOf(group[0]!)
  print(`\n${styled('bold', heading.title, process.stdout)}\n${heading.details}\n\n${tableHead()}`)
  const results: RunResult[] = []
  for (const settings of group) {
    const progress = new ProgressLine(process.stderr)
    const result = await runOnce(settings, progressOf(settings, progress), interrupt).finally(() =>
      progress.clear(),
    )
    if (result === undefined) break
    results.push(result)
    print(tableRow(result, results[0]!))
    await onResult(result)
  }
  if (results.length > 0) print(`\n${notesOf(results).join('\n')}`)
}

function progressOf({ records, seconds, warmup, threads }: RunSettings, line: ProgressLine): RunObserver {
  const say = (what: string): void => line.show(`${threads} thread${threads === 1 ? '' : 's'}: ${what}`)
  return {
    loading: (loaded) => say(`loading, ${Math.floor((loaded / records) * 100)} %`),
    warmingUp: () => say(`warming up for ${warmup} s`),
    timing: (elapsed, committed) =>
      say(`${elapsed.toFixed(1)} of ${seconds} s, ${formatCount(committed / elapsed)} txn/s`),
    verifying: () => say('checking every record'),
  }
}

function print(text: string): void {
  process.stdout.write(`${text}\n`)
}

/** Finds out before a long run, not after it. */
async function refuseUnwritable(path: string): Promise<void> {
  await reported(path, access(dirname(path), constants.W_OK))
  const existing = await stat(path).catch(() => undefined)
  if (existing?.isDirectory() === true)
    throw new ReportError(`cannot write the report to ${path}: it is a folder`)
}

async function reported(path: string, work: Promise<void>): Promise<void> {
  try {
    await work
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new ReportError(`cannot write the report to ${path}: ${reason}`, { cause })
  }
}
