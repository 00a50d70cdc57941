import { refuseUnwritableHistory } from '../report/history.js'
import { print } from '../report/runs.js'
import { ProgressLine } from '../report/terminal.js'
import { formatCount } from '../report/units.js'
import { adapterAt } from './adapter.js'
import type { RecordSettings } from './options.js'
import { runRecorded } from './run.js'
import { workloads } from './workloads.js'

/** Does the run, says how it went, and how to have it checked. */
export async function record(settings: RecordSettings, interrupt: AbortSignal): Promise<void> {
  const { out, workload, threads, adapter } = settings
  await refuseUnwritableHistory(out)
  // A store that is not there is found out before anything is said to run on it.
  await adapterAt(adapter)
  const clients = `${threads} ${threads === 1 ? 'client' : 'clients'}`
  print(`${workload} on ${adapter ?? 'tidemark'}, ${clients}`)
  const progress = new ProgressLine(process.stderr)
  const { history, seconds, ok, failed, unknown } = await runRecorded(
    settings,
    {
      running: (elapsed, tally) =>
        progress.show(`${workload}: ${elapsed.toFixed(1)} s, ${formatCount(tally.count('ok'))} ok`),
      writing: () => progress.show('writing the history'),
    },
    interrupt,
  ).finally(() => progress.clear())
  print(
    `${seconds.toFixed(2)} s: ${formatCount(ok)} ok, ${formatCount(failed)} fail, ${formatCount(unknown)} info`,
  )
  print(`${formatCount(history.operations)} operations in ${out}`)
  print(`\nnow: tidemark check ${out} --workload ${workloads[workload].check}`)
}
