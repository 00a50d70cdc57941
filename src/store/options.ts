import { inspect } from 'node:util'
import type { AbortReason } from '../mvcc/abort.js'
import type { Mode } from '../mvcc/transaction.js'
import type { Key } from './keys.js'
import type { ValueCodec } from './codec.js'
import { OptionError } from './errors.js'

/**
 * When a transaction is acknowledged: `sync`, when all that it has read or written is on disk; `async`, when
 * it has committed, its record being on its way to disk; `none`, when it has committed, and its writes are
 * not
 * recorded: they last until the process ends, or for ever once a checkpoint has been taken after them.
 */
export type DurabilityMode = 'sync' | 'async' | 'none'

/** What `open` tells about the recovery of a store. */
export interface RecoveryProgress {
  readonly phase: 'checkpoint' | 'journal'
  readonly bytes: number
  readonly totalBytes: number
  readonly entries: number
}

export interface OpenOptions {
  /**
   * Folder that holds the store's journal and checkpoints, made if there is none. One process at a time has
   * it open. Default: none, and data is in memory only.
   */
  readonly path?: string
  /** For transactions that do not say. Default: `sync` with a path. */
  readonly durability?: DurabilityMode
  /**
   * Bytes of memory between those who commit and the disk, a power of two from 64 KiB to 1 GiB: the limit of
   * one transaction's writes, and of what may be committed and not yet written. Default: 32 MiB.
   */
  readonly journalBufferBytes?: number
  /** Bytes after which the journal goes on in another file. Default: 64 MiB. */
  readonly segmentBytes?: number
  /**
   * A checkpoint is taken when the journal since the last one is longer than this and than the data.
   * Infinity:
   * only by `store.checkpoint()`. Default: 64 MiB.
   */
  readonly checkpointBytes?: number
  /** Called now and then while a store is recovered. */
  readonly onRecovery?: (progress: RecoveryProgress) => void
  /** What `attach` can ask for; one name is one open store of the process. Default: 'tidemark'. */
  readonly name?: string
  /** Bytes that data may take, index included. Default: half of the machine's memory, at most 4 GiB. */
  readonly memoryLimitBytes?: number
}

export interface TableOptions<V> {
  /** How values become bytes. Default: `msgpack`. Every thread must name the same. */
  readonly codec?: ValueCodec<V>
}

export interface TransactionOptions {
  /** Undoes the transaction when aborted, between attempts or while its body waits. */
  readonly signal?: AbortSignal
  /** For all attempts together. Default: 10,000. */
  readonly timeoutMs?: number
  /** How often a body is run again after a conflict. Default: 100. */
  readonly maxRetries?: number
  /** Names the transaction in errors. */
  readonly label?: string
  /**
   * `optimistic` (the default) is tried a few times and then gives way to `locking`, which takes each key and
   * range when it first touches it, so that long transactions over contended keys get through.
   */
  readonly mode?: Mode
  /** When to resolve. Default: the store's. */
  readonly durability?: DurabilityMode
  /** Called before each run after the first. */
  readonly onRetry?: (retry: { readonly attempt: number; readonly reason: AbortReason }) => void
}

export interface SnapshotOptions {
  /**
   * `sync` waits, blocking this thread, if something was read that is not yet on disk. Default: the
   * store's.
   */
  readonly durability?: DurabilityMode
}

/**
 * Where a range of keys may begin or end: at a key or, where keys are tuples, at some first elements of one,
 * which come before all keys that begin with them. `{ gte: [7], lt: [8] }` is all that begins with 7.
 */
export type Bound<K> = K extends readonly [...infer First, infer _Last] ? K | Bound<Readonly<First>> : K

export interface Range<K> {
  readonly gt?: Bound<K>
  readonly gte?: Bound<K>
  readonly lt?: Bound<K>
  readonly lte?: Bound<K>
  /** From the upper end down. Default: false. */
  readonly reverse?: boolean
  /** At most so many entries. Default: all. */
  readonly limit?: number
}

const segmentMinBytes = 64 * 1024

export const timeoutMsDefault = 10_000
export const maxRetriesDefault = 100

const durableKeys = ['durability', 'journalBufferBytes', 'segmentBytes', 'checkpointBytes', 'onRecovery']
const openKeys = ['name', 'memoryLimitBytes', 'path', ...durableKeys]
const tableKeys = ['codec']
const transactionKeys = ['signal', 'timeoutMs', 'maxRetries', 'label', 'mode', 'durability', 'onRetry']
const snapshotKeys = ['durability']
const durabilityModes: readonly unknown[] = ['sync', 'async', 'none', undefined]
const rangeKeys = ['gt', 'gte', 'lt', 'lte', 'reverse', 'limit']

export function checkOpenOptions(options: OpenOptions): void {
  checkKeys('open', options, openKeys)
  if (options.name !== undefined && (typeof options.name !== 'string' || options.name === '')) {
    throw new OptionError('name', `name is ${String(options.name)}, but must be a non-empty string`)
  }
  const { path, segmentBytes, checkpointBytes, onRecovery } = options
  if (path !== undefined && (typeof path !== 'string' || path === '')) {
    throw new OptionError('path', `path is ${inspect(path)}, but must be a non-empty string`)
  }
  const unused = path === undefined ? durableKeys.find((key) => key in options) : undefined
  if (unused !== undefined) {
    throw new OptionError(unused, `${unused} is for stores with a journal: give open a path too`)
  }
  checkDurability(options.durability)
  if (
    segmentBytes !== undefined &&
    !(Number.isSafeInteger(segmentBytes) && segmentBytes >= segmentMinBytes)
  ) {
    throw new OptionError(
      'segmentBytes',
      `segmentBytes is ${String(segmentBytes)}, but must be a whole number from ${segmentMinBytes}`,
    )
  }
  if (checkpointBytes !== undefined && !isCount(checkpointBytes)) {
    throw new OptionError(
      'checkpointBytes',
      `checkpointBytes is ${String(checkpointBytes)}, but must be a whole number from 0, or Infinity`,
    )
  }
  if (onRecovery !== undefined && typeof onRecovery !== 'function') {
    throw new OptionError('onRecovery', `onRecovery is ${String(onRecovery)}, but must be a function`)
  }
}

function checkDurability(durability: unknown): void {
  if (durabilityModes.includes(durability)) return
  throw new OptionError(
    'durability',
    `durability is ${inspect(durability)}, but must be 'sync', 'async' or 'none'`,
  )
}

export function checkSnapshotOptions(options: SnapshotOptions): void {
  checkKeys('snapshot', options, snapshotKeys)
  checkDurability(options.durability)
}

export function checkTableOptions(options: TableOptions<unknown>): void {
  checkKeys('table', options, tableKeys)
  const codec: unknown = options.codec
  if (codec !== undefined && !isCodec(codec)) {
    throw new OptionError(
      'codec',
      `codec is ${inspect(codec)}, but must have a name, encode and decode: see ValueCodec`,
    )
  }
}

function isCodec(codec: unknown): boolean {
  if (typeof codec !== 'object' || codec === null) return false
  const { name, encode, decode } = codec as Record<'name' | 'encode' | 'decode', unknown>
  return typeof name === 'string' && typeof encode === 'function' && typeof decode === 'function'
}

export function checkTransactionOptions(options: TransactionOptions): void {
  checkKeys('transaction', options, transactionKeys)
  const { signal, timeoutMs, maxRetries, label, mode, durability, onRetry } = options
  checkDurability(durability)
  if (signal !== undefined && !(signal instanceof AbortSignal)) {
    throw new OptionError('signal', `signal is ${String(signal)}, but must be an AbortSignal`)
  }
  if (label !== undefined && typeof label !== 'string') {
    throw new OptionError('label', `label is ${String(label)}, but must be a string`)
  }
  if (onRetry !== undefined && typeof onRetry !== 'function') {
    throw new OptionError('onRetry', `onRetry is ${String(onRetry)}, but must be a function`)
  }
  if (timeoutMs !== undefined && !(typeof timeoutMs === 'number' && timeoutMs > 0)) {
    throw new OptionError(
      'timeoutMs',
      `timeoutMs is ${String(timeoutMs)}, but must be a number above 0 (Infinity for no limit)`,
    )
  }
  if (maxRetries !== undefined && !isCount(maxRetries)) {
    throw new OptionError(
      'maxRetries',
      `maxRetries is ${String(maxRetries)}, but must be a whole number from 0, or Infinity`,
    )
  }
  if (mode !== undefined && mode !== 'optimistic' && mode !== 'locking') {
    throw new OptionError('mode', `mode is ${String(mode)}, but must be 'optimistic' or 'locking'`)
  }
}

/** A range as the library keeps it: every member is there, so that all ranges are of one shape. */
export interface CheckedRange {
  gt: Key | undefined
  gte: Key | undefined
  lt: Key | undefined
  lte: Key | undefined
  reverse: boolean | undefined
  limit: number | undefined
}

export function checkRange(given: Range<Key>): CheckedRange {
  const range = copyOfRange(given)
  if (range.gt !== undefined && range.gte !== undefined)
    throw new OptionError('gt', 'a range has gt and gte: give one lower bound')
  if (range.lt !== undefined && range.lte !== undefined)
    throw new OptionError('lt', 'a range has lt and lte: give one upper bound')
  if (range.reverse !== undefined && typeof range.reverse !== 'boolean') {
    throw new OptionError('reverse', `reverse is ${String(range.reverse)}, but must be true or false`)
  }
  if (range.limit !== undefined && !isCount(range.limit)) {
    throw new OptionError(
      'limit',
      `limit is ${String(range.limit)}, but must be a whole number from 0, or Infinity`,
    )
  }
  return range
}

/** In a loop over the members that are there none is looked for that is not, which takes longest. */
function copyOfRange(given: Range<Key>): CheckedRange {
  const range: CheckedRange = {
    gt: undefined,
    gte: undefined,
    lt: undefined,
    lte: undefined,
    reverse: undefined,
    limit: undefined,
  }
  if (typeof given !== 'object' || given === null || Object.getPrototypeOf(given) !== Object.prototype) {
    checkKeys('range', given, rangeKeys)
    const { gt, gte, lt, lte, reverse, limit } = given
    return { gt, gte, lt, lte, reverse, limit }
  }
  for (const key in given) {
    const value = given[key as keyof Range<Key>]
    if (key === 'gte') range.gte = value as Key
    else if (key === 'lt') range.lt = value as Key
    else if (key === 'limit') range.limit = value as number
    else if (key === 'reverse') range.reverse = value as boolean
    else if (key === 'gt') range.gt = value as Key
    else if (key === 'lte') range.lte = value as Key
    else checkKeys('range', given, rangeKeys)
  }
  return range
}

function isCount(value: unknown): boolean {
  return value === Number.POSITIVE_INFINITY || (Number.isSafeInteger(value) && (value as number) >= 0)
}

function checkKeys(what: string, options: object, known: readonly string[]): void {
  if (typeof options !== 'object' || options === null) {
    throw new OptionError(what, `the options of ${what} are ${String(options)}, but must be an object`)
  }
  for (const key in options) {
    if (!known.includes(key))
      throw new OptionError(key, `${what} has no option '${key}': its options are ${known.join(', ')}`)
  }
}
