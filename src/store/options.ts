import { inspect } from 'node:util'
import type { AbortReason } from '../mvcc/abort.js'
import type { Mode } from '../mvcc/transaction.js'
import type { ValueCodec } from './codec.js'
import { OptionError } from './errors.js'

export interface OpenOptions {
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
  /** Called before each run after the first. */
  readonly onRetry?: (retry: { readonly attempt: number; readonly reason: AbortReason }) => void
}

export interface Range<K> {
  readonly gt?: K
  readonly gte?: K
  readonly lt?: K
  readonly lte?: K
  /** From the upper end down. Default: false. */
  readonly reverse?: boolean
  /** At most so many entries. Default: all. */
  readonly limit?: number
}

export const timeoutMsDefault = 10_000
export const maxRetriesDefault = 100

const openKeys = ['name', 'memoryLimitBytes']
const tableKeys = ['codec']
const transactionKeys = ['signal', 'timeoutMs', 'maxRetries', 'label', 'mode', 'onRetry']
const rangeKeys = ['gt', 'gte', 'lt', 'lte', 'reverse', 'limit']

export function checkOpenOptions(options: OpenOptions): void {
  if (typeof options === 'object' && options !== null && 'path' in options) {
    throw new OptionError(
      'path',
      'this version keeps data in memory only, and has no option path: a store that outlives the process is to come',
    )
  }
  checkKeys('open', options, openKeys)
  if (options.name !== undefined && (typeof options.name !== 'string' || options.name === '')) {
    throw new OptionError('name', `name is ${String(options.name)}, but must be a non-empty string`)
  }
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
  const { signal, timeoutMs, maxRetries, label, mode, onRetry } = options
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

export function checkRange(range: Range<unknown>): void {
  checkKeys('range', range, rangeKeys)
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
