import { type OptionDefinition, option } from '../command/options.js'

export const optionNames = [
  'warehouses',
  'threads',
  'seconds',
  'warmup',
  'mix',
  'scale',
  'memory-limit',
  'path',
  'durability',
  'seed',
  'json',
] as const
export type OptionName = (typeof optionNames)[number]

/** The help of the command. */
export const optionDefinitions: Readonly<Record<OptionName, OptionDefinition>> = {
  warehouses: option('W', 'warehouses (default: as many as threads)'),
  threads: option('LIST', 'threads, or several runs: 1,2 (default: 1)'),
  seconds: option('S', 'length of the timed phase (default: 10)'),
  warmup: option('S', 'time before it that does not count (default: 3)'),
  mix: option('LIST', 'percent of each transaction (default: 45,43,4,4,4)'),
  scale: option('SHARE', 'of customers, orders and items, to 1 (default: 1)'),
  'memory-limit': option('SIZE', "the store's limit (default: 4GiB)"),
  path: option('DIR', 'keep the stores in folders there (default: in memory)'),
  durability: option('KIND', 'with --path: sync, async or none'),
  seed: option('N', 'of all random numbers (default: 1)'),
  json: option('FILE', 'where to write the results as JSON too'),
}
