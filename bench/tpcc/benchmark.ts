import { ReportFile } from '../report/json.js'
import { machineLine, thisMachine } from '../report/machine.js'
import { print, runTable } from '../report/runs.js'
import type { ProgressLine } from '../report/terminal.js'
import { formatCount } from '../report/units.js'
import { rowsOf } from './load.js'
import type { Invocation } from './options.js'
import { populationOf } from './population.js'
import { reportedRun } from './result.js'
import { type RunObserver, runOnce } from './run.js'
import { headingOf, notesOf, tableHead, tableRow } from './screen.js'
import type { RunSettings } from './settings.js'

/** Does all runs in turn, prints them as a table, and writes the report anew after each. */
export async function benchmark({ runs, json }: Invocation, interrupt: AbortSignal): Promise<void> {
  const machine = thisMachine()
  const report = await ReportFile.at(json, machine)
  print(machineLine(machine))
  await runTable(
    {
      ...headingOf(runs[0]!),
      head: tableHead(),
      settings: runs,
      run: (settings, progress) => runOnce(settings, progressOf(settings, progress), interrupt),
      row: tableRow,
      notes: notesOf,
      reported: reportedRun,
    },
    report,
  )
}

function progressOf(settings: RunSettings, line: ProgressLine): RunObserver {
  const { warehouses, threads, scale, seconds, warmup } = settings
  const rows = rowsOf(populationOf(warehouses, scale))
  const say = (what: string): void => line.show(`${threads} thread${threads === 1 ? '' : 's'}: ${what}`)
  return {
    loading: (loaded) => say(`loading, ${Math.floor((loaded / rows) * 100)} %`),
    warmingUp: () => say(`warming up for ${warmup} s`),
    timing: (elapsed, committed) =>
      say(`${elapsed.toFixed(1)} of ${seconds} s, ${formatCount(committed / elapsed)} txn/s`),
    verifying: () => say('checking the consistency conditions'),
  }
}
