/** What `tidemark bench` writes as JSON, as far as a report reads it. Other fields may stand beside these. */
export interface BenchResults {
  readonly machine: BenchMachine
  readonly results: readonly BenchResult[]
}

export interface BenchMachine {
  readonly cpu: string
  readonly cores: number
  readonly memoryBytes: number
  readonly node: string
  readonly platform: string
}

/**
 * One run. Runs of the same target, workload, threads and theta are rounds of one measurement: the report
 * shows their median and their spread.
 */
export interface BenchResult {
  readonly target: string
  readonly workload: string
  readonly threads: number
  /** The length of the timed phase. */
  readonly seconds: number
  readonly committedPerSecond: number
  readonly abortsPerSecond: number
  /** Aborted attempts by reason. */
  readonly aborts: Readonly<Record<string, number>>
  readonly latencyUs: {
    readonly p50: number
    readonly p95: number
    readonly p99: number
    readonly p999: number
  }
  readonly memoryBytes: number
  readonly checksum: string
  /** Of a sweep over contention: the zipfian's theta, from 0 to 0.99. */
  readonly theta?: number
  /** Whether the run was cut short by a signal. */
  readonly interrupted?: boolean
}

/** The rounds of one measurement, taken together. */
export interface Measurement {
  readonly target: string
  readonly workload: string
  readonly threads: number
  readonly theta: number | undefined
  readonly rounds: number
  readonly isInterrupted: boolean
  /** Medians. */
  readonly committedPerSecond: number
  readonly abortsPerSecond: number
  readonly latencyUs: BenchResult['latencyUs']
  readonly memoryBytes: number
  /** Of `committedPerSecond` over the rounds. */
  readonly least: number
  readonly most: number
}

/** In the order in which the measurements first appear. */
export function measurementsOf(results: readonly BenchResult[]): Measurement[] {
  const groups = new Map<string, BenchResult[]>()
  for (const result of results) {
    const id = JSON.stringify([result.workload, result.target, result.threads, result.theta])
    const group = groups.get(id)
    if (group === undefined) groups.set(id, [result])
    else group.push(result)
  }
  return [...groups.values()].map(measurementOf)
}

function measurementOf(rounds: readonly BenchResult[]): Measurement {
  const median = (valueOf: (round: BenchResult) => number): number => medianOf(rounds.map(valueOf))
  const rates = rounds.map(({ committedPerSecond }) => committedPerSecond)
  const { target, workload, threads, theta } = rounds[0]!
  return {
    target,
    workload,
    threads,
    theta,
    rounds: rounds.length,
    isInterrupted: rounds.some(({ interrupted }) => interrupted === true),
    committedPerSecond: median(({ committedPerSecond }) => committedPerSecond),
    abortsPerSecond: median(({ abortsPerSecond }) => abortsPerSecond),
    latencyUs: {
      p50: median(({ latencyUs }) => latencyUs.p50),
      p95: median(({ latencyUs }) => latencyUs.p95),
      p99: median(({ latencyUs }) => latencyUs.p99),
      p999: median(({ latencyUs }) => latencyUs.p999),
    },
    memoryBytes: median(({ memoryBytes }) => memoryBytes),
    least: Math.min(...rates),
    most: Math.max(...rates),
  }
}

function medianOf(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  const upper = sorted[middle] ?? Number.NaN
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2
}
