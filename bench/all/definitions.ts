import { type OptionDefinition, option } from '../command/options.js'

export const optionNames = [
  'targets',
  'workloads',
  'threads',
  'rounds',
  'seconds',
  'warmup',
  'records',
  'value',
  'seed',
  'size',
  'dir',
  'json',
  'html',
] as const
export type OptionName = (typeof optionNames)[number]

export const optionDefinitions: Readonly<Record<OptionName, OptionDefinition>> = {
  targets: option('LIST', 'databases to compare (default: all there are)'),
  workloads: option('LIST', 'what to run (default: all)'),
  threads: option('LIST', 'threads to compare with (default: 1,2)'),
  rounds: option('N', 'times that all is run, in turn (default: 3)'),
  seconds: option('S', 'length of a timed phase (default: 2)'),
  warmup: option('S', 'time before it that does not count (default: 1)'),
  records: option('N', 'records loaded (default: 100000)'),
  value: option('KIND', 'ycsb: string, of 100 bytes (default), or fields'),
  seed: option('N', 'of all random numbers (default: 1)'),
  size: option('SIZE', "'small' for a try of seconds (default: full)"),
  dir: option('FOLDER', "for durable targets' files (default: the system's)"),
  json: option('FILE', 'where to write the results as JSON'),
  html: option('FILE', 'where to write a page with charts'),
}
