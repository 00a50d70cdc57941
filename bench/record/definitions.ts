import { type OptionDefinition, option } from '../command/options.js'

export const optionNames = [
  'workload',
  'out',
  'threads',
  'seconds',
  'operations',
  'keys',
  'ops-per-txn',
  'adapter',
  'seed',
] as const
export type OptionName = (typeof optionNames)[number]

/** The help of the command. */
export const optionDefinitions: Readonly<Record<OptionName, OptionDefinition>> = {
  workload: option('NAME', 'list-append (default), rw-register, bank, ... as below'),
  out: option('FILE', 'the history: .edn or .jsonl (required)'),
  threads: option('N', 'threads, or clients that take turns (default: 2)'),
  seconds: option('S', 'how long (default: 2)'),
  operations: option('N', 'how many operations, instead of how long'),
  keys: option('N', 'keys in use at a time, or accounts'),
  'ops-per-txn': option('N', 'reads and writes of a transaction at most (4)'),
  adapter: option('MODULE', 'the store to record, instead of tidemark'),
  seed: option('N', 'of all random choices (default: 1)'),
}
