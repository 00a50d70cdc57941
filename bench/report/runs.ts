import type { ReportFile } from './json.js'
import { ProgressLine, styled } from './terminal.js'

/** How the runs of one table are done and shown. */
export interface RunsOfTable<S, R> {
  readonly title: string
  readonly details: string
  readonly head: string
  readonly settings: readonly S[]
  /** Does one run; undefined when it was interrupted before it had measured anything. */
  readonly run: (settings: S, progress: ProgressLine) => Promise<R | undefined>
  /** The line of a run; `first` is the table's first, which the others are compared with. */
  readonly row: (result: R, first: R) => string
  readonly notes: (results: readonly R[]) => readonly string[]
  /** A run as the JSON report has it. */
  readonly reported: (result: R) => object
}

/** Does the runs of a table in turn, prints each when it is done, and adds it to the report. */
export async function runTable<S, R>(table: RunsOfTable<S, R>, report: ReportFile): Promise<void> {
  print(`\n${styled('bold', table.title, process.stdout)}\n${table.details}\n\n${table.head}`)
  const results: R[] = []
  for (const settings of table.settings) {
    const progress = new ProgressLine(process.stderr)
    const result = await table.run(settings, progress).finally(() => progress.clear())
    if (result === undefined) break
    results.push(result)
    print(table.row(result, results[0]!))
    await report.add(table.reported(result))
  }
  if (results.length > 0) print(`\n${table.notes(results).join('\n')}`)
}

export function print(text: string): void {
  process.stdout.write(`${text}\n`)
}
