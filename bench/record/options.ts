import { GivenOptions, secondsRange, seedRange, threadsRange, UsageError } from '../command/options.js'
import { optionNames } from './definitions.js'
import { type WorkloadName, workloadNames, workloads } from './workloads.js'

export interface RecordSettings {
  readonly workload: WorkloadName
  readonly out: string
  readonly threads: number
  readonly seconds: number
  /** At most so many; very many when the time says when to stop. */
  readonly operations: number
  readonly keys: number
  readonly stepsMax: number
  readonly adapter: string | undefined
  readonly seed: number
}

const operationsRange = { min: 1, max: 2 ** 31 - 1 - 1000 }
const operationSecondsMax = 86_400

/** Reads the command line after `record`; throws `UsageError`. */
export function readOptions(rawArgs: readonly string[]): RecordSettings {
  const given = new GivenOptions(rawArgs, optionNames)
  const workload = given.oneOf('workload', 'list-append', workloadNames)
  const out = given.text('out')
  if (out === undefined) throw new UsageError('--out is missing: name the file for the history')
  if (given.has('seconds') && given.has('operations'))
    throw new UsageError('--seconds and --operations both say when to stop: give one of them')
  const { stepsDefault, keysDefault } = workloads[workload]
  if (stepsDefault === 0 && given.has('ops-per-txn'))
    throw new UsageError('--ops-per-txn is for the workloads list-append and rw-register only')
  const hasCount = given.has('operations')
  return {
    workload,
    out,
    threads: given.wholeNumber('threads', 2, threadsRange),
    seconds: hasCount ? operationSecondsMax : given.decimal('seconds', 2, secondsRange),
    operations: hasCount ? given.wholeNumber('operations', 1, operationsRange) : operationsRange.max,
    keys: given.wholeNumber('keys', keysDefault, { min: 1, max: 1_000_000 }),
    stepsMax: given.wholeNumber('ops-per-txn', stepsDefault, { min: stepsDefault === 0 ? 0 : 1, max: 1000 }),
    adapter: given.text('adapter'),
    seed: given.wholeNumber('seed', 1, seedRange),
  }
}
