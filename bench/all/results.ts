import type { KindResult } from '../driver/result.js'
import type { Machine } from '../report/machine.js'
import type { Traits } from '../targets/target.js'
import type { Sizes } from './workloads.js'

/** One round of a cell, as the JSON has it. */
export interface Round extends KindResult {
  readonly workload: string
  readonly target: string
  readonly threads: number
  readonly theta?: number
  readonly round: number
  readonly seconds: number
  readonly abortsPerSecond: number
  readonly aborts: Readonly<Record<string, number>>
  readonly memoryBytes: number
  readonly checksum: string
  /** What the disk does just before and after the run, where commits wait for it. */
  readonly syncsPerSecond?: number
  readonly interrupted?: boolean
}

export interface ComparedTarget extends Traits {
  readonly name: string
  /** Why nothing was run on it. */
  readonly unavailable?: string
}

/** What was not run, and why. */
export interface Omission {
  readonly workload: string
  readonly target: string
  readonly reason: string
}

/** The whole comparison: what `--json` writes, anew after every run. */
export interface ComparisonResults {
  readonly machine: Machine
  readonly settings: Sizes & { readonly rounds: number }
  readonly disk: { readonly syncsPerSecond: number }
  readonly workloads: readonly { readonly name: string; readonly title: string }[]
  readonly targets: readonly ComparedTarget[]
  readonly results: readonly Round[]
  readonly unfit: readonly Omission[]
  readonly failures: readonly Omission[]
  readonly interrupted: boolean
}

/** The rounds of one cell, together. */
export interface Summary {
  readonly target: string
  readonly threads: number
  readonly theta: number | undefined
  readonly rounds: number
  readonly rate: number
  readonly least: number
  readonly most: number
  readonly p50Us: number
  readonly p99Us: number
  readonly abortsPerSecond: number
  readonly memoryBytes: number
  /** The rate, and the p99, as multiples of what one sync of the disk does, and takes. */
  readonly rateInSyncs: number | undefined
  readonly p99InSyncs: number | undefined
}

export function summariesOf(rounds: readonly Round[]): Summary[] {
  const cells = new Map<string, Round[]>()
  for (const round of rounds) {
    const cell = JSON.stringify([round.threads, round.theta, round.target])
    cells.set(cell, [...(cells.get(cell) ?? []), round])
  }
  return [...cells.values()].map(summaryOf)
}

function summaryOf(rounds: readonly Round[]): Summary {
  const median = (of: (round: Round) => number): number => medianOf(rounds.map(of))
  const rates = rounds.map(({ committedPerSecond }) => committedPerSecond)
  const inSyncs = (of: (round: Round, syncsPerSecond: number) => number): number | undefined => {
    const values = rounds.flatMap((round) =>
      round.syncsPerSecond === undefined ? [] : [of(round, round.syncsPerSecond)],
    )
    return values.length === 0 ? undefined : medianOf(values)
  }
  const { target, threads, theta } = rounds[0]!
  return {
    target,
    threads,
    theta,
    rounds: rounds.length,
    rate: medianOf(rates),
    least: Math.min(...rates),
    most: Math.max(...rates),
    p50Us: median(({ latencyUs }) => latencyUs.p50),
    p99Us: median(({ latencyUs }) => latencyUs.p99),
    abortsPerSecond: median((round) => round.abortsPerSecond),
    memoryBytes: median((round) => round.memoryBytes),
    rateInSyncs: inSyncs(({ committedPerSecond }, syncs) => committedPerSecond / syncs),
    p99InSyncs: inSyncs(({ latencyUs }, syncs) => (latencyUs.p99 * syncs) / 1e6),
  }
}

/** Of an even number of values the mean of the middle two. */
export function medianOf(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const upper = sorted[sorted.length >> 1] ?? Number.NaN
  return sorted.length % 2 === 1 ? upper : ((sorted[(sorted.length >> 1) - 1] ?? Number.NaN) + upper) / 2
}
