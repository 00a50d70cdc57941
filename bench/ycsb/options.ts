import { parseArgs } from 'node:util'
import { parseBytes } from '../report/units.js'
import { type OptionName, optionNames } from './definitions.js'
import { coreWorkloads, type WorkloadName } from './mixes.js'
import type { RunSettings, Skew } from './settings.js'

/**
 * The command line cannot be followed; the message says what is wrong with which option, and what would do.
 */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

export interface Invocation {
  /** One list of runs for each workload, in the order given. */
  readonly groups: readonly (readonly RunSettings[])[]
  readonly json: string | undefined
}

/** Reads the command line after `bench ycsb`; throws `UsageError`. */
export function readOptions(rawArgs: readonly string[]): Invocation {
  const given = givenOptions(rawArgs)
  const workloads = listOf(given, 'workload', 'txn', workloadOf)
  const threads = listOf(given, 'threads', '1', (text) => wholeNumber('threads', text, { min: 1, max: 256 }))
  refuseUnused(given, workloads)
  const groups = workloads.map((workload) => threads.map((count) => settingsOf(given, workload, count)))
  return { groups, json: given.get('json') }
}

type Given = ReadonlyMap<OptionName, string>

function givenOptions(rawArgs: readonly string[]): Given {
  const given = new Map<OptionName, string>()
  const options = Object.fromEntries(optionNames.map((name) => [name, { type: 'string' as const }]))
  const { tokens } = parseArgs({
    args: [...rawArgs],
    options,
    strict: false,
    allowPositionals: true,
    tokens: true,
  })
  for (const token of tokens) {
    if (token.kind === 'positional') throw new UsageError(`unexpected argument '${token.value}'`)
    if (token.kind === 'option-terminator') continue
    if (!isOptionName(token.name)) throw new UsageError(`unknown option ${token.rawName}`)
    const isFlag = token.value?.startsWith('--') === true && !token.inlineValue
    if (token.value === undefined || token.value === '' || isFlag)
      throw new UsageError(`--${token.name} needs a value`)
    given.set(token.name, token.value)
  }
  return given
}

function isOptionName(name: string): name is OptionName {
  return optionNames.some((known) => known === name)
}

const coreOnly: readonly OptionName[] = ['value', 'read-fields']
const transactionalOnly: readonly OptionName[] = ['ops-per-txn', 'read-ratio', 'long-readers']

/**
 * An option that no chosen workload looks at is a mistake: the run would not measure what its caller
 * believes.
 */
function refuseUnused(given: Given, workloads: readonly WorkloadName[]): void {
  const hasTransactional = workloads.includes('txn')
  const hasCore = workloads.some((workload) => workload !== 'txn')
  for (const name of given.keys()) {
    if (!hasCore && coreOnly.includes(name))
      throw new UsageError(`--${name} is for the workloads a to f only`)
    if (!hasTransactional && transactionalOnly.includes(name)) {
      throw new UsageError(`--${name} is for the workload txn only`)
    }
  }
  if (given.get('read-ratio') === 'scan' && given.has('ops-per-txn')) {
    throw new UsageError(
      '--ops-per-txn has no meaning with --read-ratio scan: a transaction is one range read',
    )
  }
}

function settingsOf(given: Given, workload: WorkloadName, threads: number): RunSettings {
  const isCore = workload !== 'txn'
  const number = (name: OptionName, fallback: number, range: Range): number =>
    wholeNumber(name, given.get(name) ?? String(fallback), range)
  return {
    target: 'tidemark',
    workload,
    threads,
    longReaders: isCore ? 0 : number('long-readers', 0, { min: 0, max: 256 }),
    records: number('records', 1_000_000, { min: 1, max: 1_000_000_000 }),
    seconds: decimal('seconds', given.get('seconds') ?? '5', { min: 0.05, max: 86_400 }),
    warmup: decimal('warmup', given.get('warmup') ?? '2', { min: 0, max: 3600 }),
    seed: number('seed', 1, { min: 0, max: Number.MAX_SAFE_INTEGER }),
    skew: skewOf(given.get('theta') ?? (isCore ? '0.99' : '0.8')),
    value: isCore ? oneOf('value', given.get('value') ?? 'fields', ['fields', 'string']) : 'string',
    keys: oneOf('keys', given.get('keys') ?? (isCore ? 'string' : 'integer'), ['integer', 'string']),
    readFields: oneOf('read-fields', given.get('read-fields') ?? 'all', ['one', 'all']),
    operationsPerTransaction: isCore ? 1 : number('ops-per-txn', 4, { min: 1, max: 10_000 }),
    readRatio: readRatioOf(given.get('read-ratio') ?? '100'),
    api: oneOf('api', given.get('api') ?? 'transaction', ['transaction', 'snapshot']),
    memoryLimitBytes: memoryLimitOf(given.get('memory-limit')),
  }
}

interface Range {
  readonly min: number
  readonly max: number
}

function wholeNumber(name: OptionName, text: string, { min, max }: Range): number {
  const number = /^\d+$/.test(text) ? Number(text) : Number.NaN
  if (number >= min && number <= max) return number
  throw new UsageError(`--${name} must be a whole number from ${min} to ${max}, not '${text}'`)
}

function decimal(name: OptionName, text: string, { min, max }: Range): number {
  const number = /^(\d+\.?\d*|\.\d+)$/.test(text) ? Number(text) : Number.NaN
  if (number >= min && number <= max) return number
  throw new UsageError(`--${name} must be a number from ${min} to ${max}, not '${text}'`)
}

function oneOf<const T extends string>(name: OptionName, text: string, choices: readonly T[]): T {
  const choice = choices.find((candidate) => candidate === text)
  if (choice !== undefined) return choice
  throw new UsageError(`--${name} must be ${choices.join(' or ')}, not '${text}'`)
}

function listOf<T>(given: Given, name: OptionName, fallback: string, read: (text: string) => T): T[] {
  return (given.get(name) ?? fallback).split(',').map((text) => read(text.trim()))
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

function memoryLimitOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const bytes = parseBytes(text)
  if (bytes !== undefined && bytes > 0) return bytes
  throw new UsageError(`--memory-limit must be a size such as 512MiB or 4GiB, not '${text}'`)
}
