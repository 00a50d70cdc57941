import { type OptionDefinition, option } from '../command/options.js'

export const optionNames = [
  'workload',
  'threads',
  'seconds',
  'warmup',
  'records',
  'theta',
  'keys',
  'value',
  'read-fields',
  'ops-per-txn',
  'read-ratio',
  'long-readers',
  'api',
  'memory-limit',
  'seed',
  'json',
  'history',
] as const
export type OptionName = (typeof optionNames)[number]

/** The help of the command. */
export const optionDefinitions: Readonly<Record<OptionName, OptionDefinition>> = {
  workload: option('LIST', 'txn, a to f, or several: a,b,c (default: txn)'),
  threads: option('LIST', 'threads, or several runs: 1,2 (default: 1)'),
  seconds: option('S', 'length of the timed phase (default: 5)'),
  warmup: option('S', 'time before it that does not count (default: 2)'),
  records: option('N', 'records loaded (default: 1000000)'),
  theta: option('T', "zipfian skew or 'uniform' (default: txn .8, a-f .99)"),
  keys: option('KIND', 'integer or string (default: txn integer, a-f string)'),
  value: option('KIND', 'a-f: fields, 10 x 10 bytes (default), or string'),
  'read-fields': option('WHICH', 'a-f: use one field of what is read, or all (default)'),
  'ops-per-txn': option('N', 'txn: operations in a transaction (default: 4)'),
  'read-ratio': option('R', "txn: percent of reads, or 'scan' (default: 100)"),
  'long-readers': option('N', 'txn: threads that read 10,000 keys at once'),
  api: option('KIND', 'read-only work by transaction (default) or snapshot'),
  'memory-limit': option('SIZE', "the store's limit, such as 4GiB"),
  seed: option('N', 'of all random numbers (default: 1)'),
  json: option('FILE', 'where to write the results as JSON too'),
  history: option('FILE', 'record all of the run: .edn or .jsonl; not for scans'),
}
