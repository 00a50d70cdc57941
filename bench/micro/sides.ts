import { pathToFileURL } from 'node:url'
import { Bench } from 'tinybench'

/** One operation of the engine, and what does the like without it. Each side answers a sum of what it saw. */
export interface Comparison {
  readonly name: string
  readonly baseline: string
  /** Operations of one call of a side. */
  readonly operations: number
  readonly run: () => number
  readonly runBaseline: () => number
}

export interface ComparisonTime {
  readonly name: string
  readonly baseline: string
  readonly ns: number
  readonly baselineNs: number
}

/** A name and its nanoseconds: what runs of different versions are compared by. */
export type Measurement = readonly [name: string, ns: number]

const rounds = 3

/** The medians of several rounds, in each of which the sides take turns in going first. */
export async function compareSides(
  comparisons: readonly Comparison[],
  milliseconds: number,
): Promise<ComparisonTime[]> {
  const times: ComparisonTime[] = []
  for (const { name, baseline, operations, run, runBaseline } of comparisons) {
    const [own, others] = [
      { run, ns: [] as number[] },
      { run: runBaseline, ns: [] as number[] },
    ]
    for (let round = 0; round < rounds; round++) {
      for (const side of round % 2 === 0 ? [own, others] : [others, own])
        side.ns.push((await nanosecondsOf(name, side.run, milliseconds)) / operations)
    }
    times.push({ name, baseline, ns: median(own.ns), baselineNs: median(others.ns) })
  }
  return times
}

async function nanosecondsOf(name: string, run: () => number, milliseconds: number): Promise<number> {
  const bench = new Bench({ time: milliseconds, warmupTime: milliseconds / 4, iterations: 4 })
  let sum = 0
  bench.add(name, () => {
    sum += run()
  })
  await bench.run()
  const result = bench.tasks[0]?.result
  if (result?.state === 'errored') throw new Error(`${name} failed`, { cause: result.error })
  if (result === undefined || !('latency' in result)) throw new Error(`${name} did not finish`)
  if (!(sum > 0)) throw new Error(`${name}: nothing was done`)
  return result.latency.p50 * 1e6
}

export function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] as number
}

/** Prints, if the module is the program: a table, or with `--json` the measurements alone. */
export async function runAsProgram<T>(
  moduleUrl: string,
  measure: (milliseconds: number) => Promise<T>,
  show: { readonly table: (times: T) => string; readonly measurements: (times: T) => Measurement[] },
): Promise<void> {
  if (moduleUrl !== pathToFileURL(process.argv[1] ?? '').href) return
  const [milliseconds] = process.argv.slice(2).filter((argument) => /^\d+$/.test(argument))
  const times = await measure(Number(milliseconds ?? 150))
  const isJson = process.argv.includes('--json')
  console.log(isJson ? JSON.stringify(show.measurements(times)) : show.table(times))
}

export function comparisonTable(times: readonly ComparisonTime[]): string {
  const head = `${'operation'.padEnd(34)}${'ns'.padStart(9)}${'baseline'.padStart(34)}${'ns'.padStart(9)}${'ratio'.padStart(8)}`
  const lines = times.map(
    ({ name, baseline, ns, baselineNs }) =>
      name.padEnd(34) +
      ns.toFixed(1).padStart(9) +
      baseline.padStart(34) +
      baselineNs.toFixed(1).padStart(9) +
      (ns / baselineNs).toFixed(2).padStart(8),
  )
  return [head, ...lines].join('\n')
}

export function measurementsOf(times: readonly ComparisonTime[]): Measurement[] {
  return times.map(({ name, ns }) => [name, ns])
}
