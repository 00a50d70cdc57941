import { isAbsolute, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { UsageError } from '../command/options.js'

/** What a transaction of an adapted store can do. Keys are strings; values are numbers or arrays of them. */
export interface AdapterTransaction {
  /** The value of the key; undefined or null when it has none. */
  get(key: string): unknown
  /** Sets the value of the key; what was read of it before stays what it was. */
  put(key: string, value: unknown): unknown
}

/**
 * A store, as one thread uses it. Answers of its methods may be promises. An error that `transaction` throws
 * after the body has returned leaves it open whether it was committed, unless the error says `outcome:
 * 'fail'` (or has a code of this package that means the same).
 */
export interface AdapterStore {
  /** Given to `attach` in worker threads; structured-cloneable. */
  readonly handle?: unknown
  /** Runs the body in one transaction, again after a conflict if the store does that. */
  transaction(body: (tx: AdapterTransaction) => unknown): unknown
  /** The same for a body that does not wait: used instead, where there is one. */
  transactionSync?(body: (tx: AdapterTransaction) => unknown): unknown
  close?(): unknown
}

/** What a module given as `--adapter` exports. */
export interface Adapter {
  /** Opens a store without data, in the main thread. */
  open(): AdapterStore | Promise<AdapterStore>
  /** Connects a worker thread to it. Without this, all clients are in the main thread, taking turns. */
  attach?(handle: unknown): AdapterStore | Promise<AdapterStore>
}

/** The adapter of a module, or the one for this package. */
export async function adapterAt(module: string | undefined): Promise<Adapter> {
  if (module === undefined) return (await import('./tidemark.js')).adapter
  let exported: Partial<Adapter>
  try {
    exported = (await import(specifierOf(module))) as Partial<Adapter>
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new UsageError(`--adapter ${module} cannot be loaded: ${reason}`, { cause })
  }
  if (typeof exported.open === 'function' && ['function', 'undefined'].includes(typeof exported.attach))
    return exported as Adapter
  throw new UsageError(`--adapter ${module} must export a function open, and may export attach`)
}

/** A file, or a package as the current folder sees it. */
function specifierOf(module: string): string {
  const isFile = module.startsWith('.') || isAbsolute(module) || /\.[cm]?js$/.test(module)
  return isFile ? pathToFileURL(resolve(module)).href : module
}
