import { join } from 'node:path'
import {
  GivenOptions,
  secondsRange,
  seedRange,
  threadsRange,
  UsageError,
  warmupRange,
} from '../command/options.js'
import { type OptionName, optionNames } from './definitions.js'
import { type Mix, standardMix, transactionKinds } from './kinds.js'
import type { RunSettings } from './settings.js'

export interface Invocation {
  readonly runs: readonly RunSettings[]
  readonly json: string | undefined
}

const memoryLimitDefault = 4 * 2 ** 30
const warehousesRange = { min: 1, max: 1000 }
const scaleRange = { min: 0.001, max: 1 }

/** Reads the command line after `bench tpcc`; throws `UsageError`. */
export function readOptions(rawArgs: readonly string[]): Invocation {
  const given = new GivenOptions(rawArgs, optionNames)
  if (given.has('durability') && !given.has('path'))
    throw new UsageError('--durability has no meaning without --path: the store is in memory')
  const threads = given.wholeNumbers('threads', '1', threadsRange)
  return { runs: threads.map((count) => settingsOf(given, count)), json: given.text('json') }
}

function settingsOf(given: GivenOptions<OptionName>, threads: number): RunSettings {
  return {
    warehouses: given.wholeNumber('warehouses', threads, warehousesRange),
    threads,
    seconds: given.decimal('seconds', 10, secondsRange),
    warmup: given.decimal('warmup', 3, warmupRange),
    seed: given.wholeNumber('seed', 1, seedRange),
    mix: mixOf(given.text('mix', standardMix.join(','))),
    scale: given.decimal('scale', 1, scaleRange),
    memoryLimitBytes: given.bytes('memory-limit') ?? memoryLimitDefault,
    path: pathOf(given.text('path'), threads),
    durability: given.has('durability')
      ? given.oneOf('durability', 'sync', ['sync', 'async', 'none'])
      : undefined,
  }
}

/** A store holds the rows of one run. */
function pathOf(folder: string | undefined, threads: number): string | undefined {
  return folder === undefined ? undefined : join(folder, `threads-${threads}`)
}

function mixOf(text: string): Mix {
  const shares = text.split(',').map((share) => (/^\d+$/.test(share.trim()) ? Number(share) : Number.NaN))
  const sum = shares.reduce((total, share) => total + share, 0)
  if (shares.length === transactionKinds.length && sum === 100) return shares as unknown as Mix
  throw new UsageError(
    `--mix must be five whole numbers that add up to 100, such as ${standardMix.join(',')}, not '${text}'`,
  )
}
