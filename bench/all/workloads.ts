import type { Target } from '../targets/target.js'
import { coreWorkloads, mixes } from '../ycsb/mixes.js'
import type { RunSettings } from '../ycsb/settings.js'

/** How large the runs of a comparison are. */
export interface Sizes {
  readonly records: number
  readonly seconds: number
  readonly warmup: number
  readonly seed: number
  readonly threads: readonly number[]
  readonly value: 'string' | 'fields'
}

/** One cell of a comparison, before its target is known. */
export interface Variant {
  readonly settings: Omit<RunSettings, 'target' | 'inFlight' | 'directory'>
  /** Transactions in flight on a thread; undefined: as many as suit the target. */
  readonly inFlight?: number
  /** Of a sweep: where on it. */
  readonly theta?: number
}

/** A workload of the comparison: on which targets it says something, and what it runs there. */
export interface Workload {
  readonly name: string
  readonly title: string
  readonly kind: 'load' | 'recovery' | 'tpcc'
  /** Why it is not for a target, in words; undefined when it is. */
  readonly unfit: (target: Target) => string | undefined
  readonly variants: (sizes: Sizes) => readonly Variant[]
}

const accounts = 1000
const thetas = [0, 0.5, 0.8, 0.9, 0.99] as const

type Change = Partial<Variant['settings']>

/** Four operations in a transaction on 100-byte strings, as in vMVCC's evaluation, unless changed. */
function settingsOf({ records, seconds, warmup, seed, value }: Sizes, change: Change): Variant['settings'] {
  return {
    workload: 'txn',
    threads: 1,
    longReaders: 0,
    records,
    seconds,
    warmup,
    seed,
    skew: 0.8,
    value: change.workload === undefined ? 'string' : value,
    keys: 'integer',
    readFields: 'all',
    operationsPerTransaction: 4,
    readRatio: 50,
    api: 'transaction',
    memoryLimitBytes: undefined,
    history: undefined,
    ...change,
  }
}

function forThreads(sizes: Sizes, change: Change): Variant[] {
  return sizes.threads.map((threads) => ({ settings: settingsOf(sizes, { ...change, threads }) }))
}

function unlessSynced({ traits: { durability } }: Target): string | undefined {
  return durability === 'sync' ? 'waits for the disk at every commit: see the durable workloads' : undefined
}

function transactional(target: Target): string | undefined {
  return target.traits.transactions === 'none' ? 'has no isolated transactions' : unlessSynced(target)
}

function parallel(target: Target): string | undefined {
  return target.traits.hasThreads ? transactional(target) : 'works on one thread only'
}

function synced({ traits: { durability } }: Target): string | undefined {
  return durability === 'sync' ? undefined : 'does not sync its commits'
}

const core: readonly Workload[] = coreWorkloads.map((workload) => ({
  name: `ycsb-${workload}`,
  title: `YCSB ${workload.toUpperCase()}: ${mixes[workload].title}`,
  kind: 'load',
  unfit: (target) => (workload === 'e' && !target.traits.hasRanges ? 'has no ranges' : unlessSynced(target)),
  variants: (sizes) =>
    forThreads(sizes, { workload, keys: 'string', skew: 0.99, operationsPerTransaction: 1 }),
}))

const transactions: readonly Workload[] = [
  { name: 'txn-reads', title: 'Transactions of 4 reads', readRatio: 100 },
  { name: 'txn-writes', title: 'Transactions of 4 blind writes', readRatio: 0 },
  { name: 'txn-mixed', title: 'Transactions of 4 operations, half of them reads', readRatio: 50 },
].map(({ name, title, readRatio }) => ({
  name,
  title,
  kind: 'load',
  unfit: transactional,
  variants: (sizes) => forThreads(sizes, { readRatio }),
}))

function durable(writers: number): Workload {
  return {
    name: `durable-${writers}`,
    title: `Durable commits of one write, ${writers === 1 ? 'one writer' : `${writers} writers on a thread`}`,
    kind: 'load',
    unfit: synced,
    variants: (sizes) => [
      {
        settings: settingsOf(sizes, { readRatio: 0, operationsPerTransaction: 1, skew: 'uniform' }),
        inFlight: writers,
      },
    ],
  }
}

function hasCheckpoints({ name, traits: { durability } }: Target): boolean {
  return name.startsWith('tidemark') && durability !== 'memory'
}

/** The same twice: what a checkpoint takes from those who work beside it. */
const checkpoints: readonly Workload[] = (['never', 'running'] as const).map((times) => ({
  name: times === 'never' ? 'checkpoint-never' : 'checkpoint-always',
  title: `YCSB A, ${times === 'never' ? 'without any checkpoint' : 'beside checkpoints, one after the other'}`,
  kind: 'load',
  unfit: (target) =>
    unlessSynced(target) ?? (hasCheckpoints(target) ? undefined : 'has no checkpoints that can be asked for'),
  variants: (sizes) => [
    {
      settings: settingsOf(sizes, {
        workload: 'a',
        keys: 'string',
        skew: 0.99,
        operationsPerTransaction: 1,
        threads: Math.max(...sizes.threads),
        checkpoints: times,
      }),
    },
  ],
}))

/** In the order of the report. */
export const workloads: readonly Workload[] = [
  ...core,
  ...transactions,
  {
    name: 'tpcc',
    title: 'TPC-C, the standard mix, a warehouse for each thread',
    kind: 'tpcc',
    unfit: ({ name }) =>
      name === 'tidemark' ? undefined : 'is no target of TPC-C, which is written for tables',
    variants: (sizes) => forThreads(sizes, {}),
  },
  {
    name: 'bank',
    title: `Bank of ${accounts} accounts: transfers, and audits of all of them`,
    kind: 'load',
    unfit: transactional,
    variants: (sizes) =>
      forThreads(sizes, { workload: 'bank', value: 'balance', records: Math.min(accounts, sizes.records) }),
  },
  {
    name: 'contention',
    title: 'Transactions of 4 operations, half of them reads, by zipfian theta',
    kind: 'load',
    unfit: parallel,
    variants: (sizes) =>
      thetas.map((theta) => ({
        settings: settingsOf(sizes, { threads: Math.max(...sizes.threads), skew: theta }),
        theta,
      })),
  },
  {
    name: 'long-reader',
    title: 'Transactions of 4 blind writes beside a reader of 10,000 records at once',
    kind: 'load',
    unfit: parallel,
    variants: (sizes) => [{ settings: settingsOf(sizes, { readRatio: 0, longReaders: 1 }) }],
  },
  durable(1),
  durable(64),
  {
    name: 'recovery',
    title: 'Opening after the process was killed: records read back per second',
    kind: 'recovery',
    unfit: synced,
    variants: (sizes) => [{ settings: settingsOf(sizes, { checkpoints: 'never' }) }],
  },
  {
    name: 'recovery-checkpoint',
    title: 'The same from a checkpoint',
    kind: 'recovery',
    unfit: (target) =>
      synced(target) ?? (hasCheckpoints(target) ? undefined : 'has no checkpoints that can be asked for'),
    variants: (sizes) => [{ settings: settingsOf(sizes, { checkpoints: 'loaded' }) }],
  },
  ...checkpoints,
]

/** One run to do, again in every round. */
export interface Cell {
  readonly workload: Workload
  readonly target: Target
  readonly settings: Omit<RunSettings, 'directory'>
  readonly theta: number | undefined
}

/** What is compared in a workload: every variant on every target that it is for. */
export function cellsOf(workload: Workload, targets: readonly Target[], sizes: Sizes): Cell[] {
  const fit = targets.filter((target) => workload.unfit(target) === undefined)
  return workload.variants(sizes).flatMap(({ settings, inFlight, theta }) =>
    fit
      .filter(({ traits }) => settings.threads === 1 || traits.hasThreads)
      .map((target) => ({
        workload,
        target,
        settings: { ...settings, target: target.name, inFlight: inFlight ?? target.traits.inFlight },
        theta,
      })),
  )
}
