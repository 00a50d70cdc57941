import { formatBytes, formatCount } from '../report/units.js'
import { type ComparisonResults, type Round, type Summary, summariesOf } from './results.js'

export const markers = { begin: '<!-- bench all -->', end: '<!-- /bench all -->' } as const

/** The text with what stands between the markers replaced by the tables of a comparison. */
export function withTables(text: string, results: ComparisonResults): string {
  const begin = text.indexOf(markers.begin)
  const end = text.indexOf(markers.end)
  if (begin < 0 || end < begin) {
    throw new RangeError(`the text needs a line ${markers.begin}, and a line ${markers.end} after it`)
  }
  return `${text.slice(0, begin + markers.begin.length)}\n${tablesOf(results)}\n${text.slice(end)}`
}

/**
 * A table for each number of threads, with a line for each workload and a column for each target. Workloads
 * that have no target in common, such as those of durable commits and the others, have tables of their own.
 */
export function tablesOf(results: ComparisonResults): string {
  const { machine, disk, results: rounds } = results
  if (rounds.length === 0) throw new RangeError('the comparison has measured nothing')
  if (results.interrupted) throw new RangeError('the comparison was interrupted: let one run to its end')
  const threads = [...new Set(rounds.map((round) => round.threads))].toSorted((a, b) => a - b)
  const facts =
    `Medians of ${results.settings.rounds} rounds of ${results.settings.seconds} s, ` +
    `${formatCount(results.settings.records)} records; transactions per second, for recovery records per ` +
    `second. Node ${machine.node}, ${machine.cores} x ${machine.cpu}, ${formatBytes(machine.memoryBytes)}; ` +
    `its disk syncs ${formatCount(disk.syncsPerSecond)} appends of 4 KiB a second.`
  const tables = threads.flatMap((count) => {
    const group = rounds.filter((round) => round.threads === count)
    return kindredOf(group).map((kindred) => tableOf(results, kindred, count))
  })
  return [...tables, facts].join('\n\n')
}

/** The rounds in groups, so that no target and no workload is in two of them. */
function kindredOf(rounds: readonly Round[]): Round[][] {
  let groups: Round[][] = []
  for (const round of rounds) {
    const { target, workload } = round
    const isKin = (group: readonly Round[]): boolean =>
      group.some((other) => other.target === target || other.workload === workload)
    const kin = groups.filter(isKin)
    groups = [...groups.filter((group) => !isKin(group)), [...kin.flat(), round]]
  }
  return groups
}

function tableOf(
  { workloads, targets }: ComparisonResults,
  rounds: readonly Round[],
  threads: number,
): string {
  const names = targets.map(({ name }) => name).filter((name) => rounds.some(({ target }) => target === name))
  const rows = workloads.flatMap(({ name }) => {
    const summaries = summariesOf(rounds.filter(({ workload }) => workload === name))
    const thetas = [...new Set(summaries.map(({ theta }) => theta))]
    return thetas.map((theta) => {
      const cells = names.map((target) => cellOf(summaries, target, theta))
      return `| ${name}${theta === undefined ? '' : ` theta ${theta}`} | ${cells.join(' | ')} |`
    })
  })
  const head = `| ${threads} thread${threads === 1 ? '' : 's'} | ${names.join(' | ')} |`
  return [head, `|---|${'---:|'.repeat(names.length)}`, ...rows].join('\n')
}

function cellOf(summaries: readonly Summary[], target: string, theta: number | undefined): string {
  const found = summaries.find((summary) => summary.target === target && summary.theta === theta)
  return found === undefined ? '' : formatCount(found.rate)
}
