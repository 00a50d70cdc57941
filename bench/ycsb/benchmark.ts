import { refuseUnwritableHistory } from '../report/history.js'
import { ReportFile } from '../report/json.js'
import { machineLine, thisMachine } from '../report/machine.js'
import { print, runTable } from '../report/runs.js'
import type { ProgressLine } from '../report/terminal.js'
import { formatCount } from '../report/units.js'
import type { Invocation } from './options.js'
import { reportedRun } from './reported.js'
import { type RunObserver, runOnce } from './run.js'
import { headingOf, notesOf, tableHead, tableRow } from './screen.js'
import type { RunSettings } from './settings.js'

/** Does all runs in turn, prints each group as a table, and writes the report anew after each run. */
export async function benchmark({ groups, json }: Invocation, interrupt: AbortSignal): Promise<void> {
  const machine = thisMachine()
  const report = await ReportFile.at(json, machine)
  for (const { history } of groups.flat()) if (history !== undefined) await refuseUnwritableHistory(history)
  print(machineLine(machine))
  for (const group of groups) {
    if (interrupt.aborted) break
    await runTable(
      {
        ...headingOf(group[0]!),
        head: tableHead(),
        settings: group,
        run: (settings, progress) => runOnce(settings, progressOf(settings, progress), interrupt),
        row: tableRow,
        notes: notesOf,
        reported: reportedRun,
      },
      report,
    )
  }
}

function progressOf({ records, seconds, warmup, threads }: RunSettings, line: ProgressLine): RunObserver {
  const say = (what: string): void => line.show(`${threads} thread${threads === 1 ? '' : 's'}: ${what}`)
  return {
    loading: (loaded) => say(`loading, ${Math.floor((loaded / records) * 100)} %`),
    warmingUp: () => say(`warming up for ${warmup} s`),
    timing: (elapsed, committed) =>
      say(`${elapsed.toFixed(1)} of ${seconds} s, ${formatCount(committed / elapsed)} txn/s`),
    verifying: () => say('checking every record'),
    writingHistory: () => say('writing the history'),
  }
}
