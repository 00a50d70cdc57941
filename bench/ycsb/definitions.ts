import type { ArgsDef } from 'citty'

/**
 * The options of the command, as its help shows them. They are read by `readOptions`, which is stricter than
 * citty.
 */
export const optionDefinitions = {
  workload: {
    type: 'string',
    valueHint: 'LIST',
    description: 'txn, a to f, or several: a,b,c (default: txn)',
  },
  threads: { type: 'string', valueHint: 'LIST', description: 'threads, or several runs: 1,2 (default: 1)' },
  seconds: { type: 'string', valueHint: 'S', description: 'length of the timed phase (default: 5)' },
  warmup: { type: 'string', valueHint: 'S', description: 'time before it that does not count (default: 2)' },
  records: { type: 'string', valueHint: 'N', description: 'records loaded (default: 1000000)' },
  theta: {
    type: 'string',
    valueHint: 'T',
    description: "zipfian skew or 'uniform' (default: txn .8, a-f .99)",
  },
  keys: {
    type: 'string',
    valueHint: 'KIND',
    description: 'integer or string (default: txn integer, a-f string)',
  },
  value: {
    type: 'string',
    valueHint: 'KIND',
    description: 'a-f: fields, 10 x 10 bytes (default), or string',
  },
  'read-fields': {
    type: 'string',
    valueHint: 'WHICH',
    description: 'a-f: use one field of what is read, or all (default)',
  },
  'ops-per-txn': {
    type: 'string',
    valueHint: 'N',
    description: 'txn: operations in a transaction (default: 4)',
  },
  'read-ratio': {
    type: 'string',
    valueHint: 'R',
    description: "txn: percent of reads, or 'scan' (default: 100)",
  },
  'long-readers': {
    type: 'string',
    valueHint: 'N',
    description: 'txn: threads that read 10,000 keys at once',
  },
  api: {
    type: 'string',
    valueHint: 'KIND',
    description: 'read-only work by transaction (default) or snapshot',
  },
  'memory-limit': { type: 'string', valueHint: 'SIZE', description: "the store's limit, such as 4GiB" },
  seed: { type: 'string', valueHint: 'N', description: 'of all random numbers (default: 1)' },
  json: { type: 'string', valueHint: 'FILE', description: 'where to write the results as JSON too' },
} as const satisfies ArgsDef

export type OptionName = keyof typeof optionDefinitions
