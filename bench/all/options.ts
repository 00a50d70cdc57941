import { tmpdir } from 'node:os'
import {
  GivenOptions,
  secondsRange,
  seedRange,
  threadsRange,
  UsageError,
  warmupRange,
} from '../command/options.js'
import { targets as allTargets } from '../targets/registry.js'
import type { Target } from '../targets/target.js'
import { optionNames } from './definitions.js'
import { type Sizes, type Workload, workloads as allWorkloads } from './workloads.js'

export interface Comparison {
  readonly targets: readonly Target[]
  readonly workloads: readonly Workload[]
  readonly sizes: Sizes
  readonly rounds: number
  readonly directory: string
  readonly json: string | undefined
  readonly html: string | undefined
}

const defaults = {
  full: { rounds: 3, seconds: 2, warmup: 1, records: 100_000 },
  small: { rounds: 1, seconds: 0.1, warmup: 0.05, records: 500 },
} as const

/** Reads the command line after `bench all`; throws `UsageError`. */
export function readOptions(rawArgs: readonly string[]): Comparison {
  const given = new GivenOptions(rawArgs, optionNames)
  const size = defaults[given.oneOf('size', 'full', ['full', 'small'])]
  return {
    targets: namedIn('targets', allTargets, given.text('targets')),
    workloads: namedIn('workloads', allWorkloads, given.text('workloads')),
    sizes: {
      records: given.wholeNumber('records', size.records, { min: 100, max: 1_000_000_000 }),
      seconds: given.decimal('seconds', size.seconds, secondsRange),
      warmup: given.decimal('warmup', size.warmup, warmupRange),
      seed: given.wholeNumber('seed', 1, seedRange),
      threads: given.wholeNumbers('threads', '1,2', threadsRange),
      value: given.oneOf('value', 'string', ['string', 'fields']),
    },
    rounds: given.wholeNumber('rounds', size.rounds, { min: 1, max: 1000 }),
    directory: given.text('dir', tmpdir()),
    json: given.text('json'),
    html: given.text('html'),
  }
}

/** In the order of the report, whatever the order they are asked for in. */
function namedIn<T extends { readonly name: string }>(
  option: string,
  all: readonly T[],
  list: string | undefined,
): readonly T[] {
  if (list === undefined) return all
  const names = new Set(list.split(',').map((name) => name.trim()))
  const unknown = [...names].find((name) => all.every((each) => each.name !== name))
  if (unknown === undefined) return all.filter(({ name }) => names.has(name))
  throw new UsageError(
    `--${option} has no '${unknown}': choose from ${all.map(({ name }) => name).join(', ')}`,
  )
}
