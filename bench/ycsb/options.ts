import {
  GivenOptions,
  secondsRange,
  seedRange,
  threadsRange,
  UsageError,
  warmupRange,
} from '../command/options.js'
import { type OptionName, optionNames } from './definitions.js'
import { coreWorkloads, type WorkloadName } from './mixes.js'
import type { RunSettings, Skew } from './settings.js'

export interface Invocation {
  /** One list of runs for each workload, in the order given. */
  readonly groups: readonly (readonly RunSettings[])[]
  readonly json: string | undefined
}

/** Reads the command line after `bench ycsb`; throws `UsageError`. */
export function readOptions(rawArgs: readonly string[]): Invocation {
  const given = new GivenOptions(rawArgs, optionNames)
  const workloads = given.list('workload', 'txn', workloadOf)
  const threads = given.wholeNumbers('threads', '1', threadsRange)
  refuseUnused(given, workloads)
  refuseUnrecordable(given, workloads, threads)
  const groups = workloads.map((workload) => threads.map((count) => settingsOf(given, workload, count)))
  return { groups, json: given.text('json') }
}

type Given = GivenOptions<OptionName>

const coreOnly: readonly OptionName[] = ['value', 'read-fields']
const transactionalOnly: readonly OptionName[] = ['ops-per-txn', 'read-ratio', 'long-readers']

/**
 * An option that no chosen workload looks at is a mistake: the run would not measure what its caller
 * believes.
 */
function refuseUnused(given: Given, workloads: readonly WorkloadName[]): void {
  const hasTransactional = workloads.includes('txn')
  const hasCore = workloads.some((workload) => workload !== 'txn')
  for (const name of given.names) {
    if (!hasCore && coreOnly.includes(name))
      throw new UsageError(`--${name} is for the workloads a to f only`)
    if (!hasTransactional && transactionalOnly.includes(name)) {
      throw new UsageError(`--${name} is for the workload txn only`)
    }
  }
  if (given.text('read-ratio') === 'scan' && given.has('ops-per-txn')) {
    throw new UsageError(
      '--ops-per-txn has no meaning with --read-ratio scan: a transaction is one range read',
    )
  }
}

function refuseUnrecordable(given: Given, workloads: readonly string[], threads: readonly number[]): void {
  if (!given.has('history')) return
  if (workloads.length * threads.length > 1)
    throw new UsageError('--history records one run: give one workload and one number of threads')
  if (workloads[0] === 'bank')
    throw new UsageError('--history is not for the bank here: use tidemark record --workload bank')
  if (workloads[0] === 'e' || given.text('read-ratio') === 'scan')
    throw new UsageError('--history has no place for range reads: choose another workload than e or scan')
}

function settingsOf(given: Given, workload: WorkloadName, threads: number): RunSettings {
  const isCore = workload !== 'txn'
  return {
    target: 'tidemark',
    workload,
    threads,
    inFlight: 1,
    longReaders: isCore ? 0 : given.wholeNumber('long-readers', 0, { min: 0, max: 256 }),
    records: given.wholeNumber('records', 1_000_000, { min: 1, max: 1_000_000_000 }),
    seconds: given.decimal('seconds', 5, secondsRange),
    warmup: given.decimal('warmup', 2, warmupRange),
    seed: given.wholeNumber('seed', 1, seedRange),
    skew: skewOf(given.text('theta', isCore ? '0.99' : '0.8')),
    value: isCore ? given.oneOf('value', 'fields', ['fields', 'string']) : 'string',
    keys: given.oneOf('keys', isCore ? 'string' : 'integer', ['integer', 'string']),
    readFields: given.oneOf('read-fields', 'all', ['one', 'all']),
    operationsPerTransaction: isCore ? 1 : given.wholeNumber('ops-per-txn', 4, { min: 1, max: 10_000 }),
    readRatio: readRatioOf(given.text('read-ratio', '100')),
    api: given.oneOf('api', 'transaction', ['transaction', 'snapshot']),
    memoryLimitBytes: given.bytes('memory-limit'),
    directory: undefined,
    history: given.text('history'),
  }
}

function workloadOf(text: string): WorkloadName {
  const name = text.toLowerCase()
  const workload = [...coreWorkloads, 'txn' as const].find((candidate) => candidate === name)
  if (workload !== undefined) return workload
  throw new UsageError(`--workload must be txn, a, b, c, d, e, f or a list of these, not '${text}'`)
}

function skewOf(text: string): Skew {
  if (text === 'uniform') return text
  const theta = /^(\d+\.?\d*|\.\d+)$/.test(text) ? Number(text) : Number.NaN
  if (theta >= 0 && theta <= 2) return theta
  throw new UsageError(`--theta must be a number from 0 to 2 or 'uniform', not '${text}'`)
}

function readRatioOf(text: string): number | 'scan' {
  if (text === 'scan') return text
  if (/^\d+$/.test(text) && Number(text) <= 100) return Number(text)
  throw new UsageError(`--read-ratio must be a whole number from 0 to 100 or 'scan', not '${text}'`)
}
