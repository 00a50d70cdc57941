import type { Value } from '../operation.js'
import { UnrecordableError } from './errors.js'
import { errorText, outcomeOf } from './outcome.js'
import { type Naming, type NamedTable, type RecordableTransaction, RecordedView } from './recordedView.js'
import type { RecordedCall, Recorder } from './recorder.js'

type Body = (tx: RecordableTransaction) => unknown

/** What can be recorded: a store of this package, or anything that is used in the same way. */
export interface RecordableStore {
  transaction(body: never, options?: never): Promise<unknown>
  transactionSync(body: never, options?: never): unknown
  snapshot(body: never, options?: never): unknown
}

export interface RecordOptions {
  /**
   * How values are used. `rw-register` (the default): each `put` gives its key a value that no other gives
   * it. `list-append`: values are arrays, and each `put` writes what it has read and one element more, which
   * no other adds.
   */
  readonly model?: 'rw-register' | 'list-append'
  /** What stands for a key in the history. Default: `table/key`, as text. */
  readonly key?: (table: NamedTable, key: unknown) => Value
  /** What stands for a value or an element: equal if they are. Default: itself, objects as JSON. */
  readonly value?: (value: unknown) => Value
}

/** A store's transactions and snapshots, recorded. Its other methods are used on the store itself. */
export type RecordedStore<S> = Pick<S, Extract<keyof S, 'transaction' | 'transactionSync' | 'snapshot'>>

/**
 * The store, such that what goes through it is recorded as its clients see it: `ok` when the call has
 * returned, `fail` when nothing can have been committed, `info` when that is not known. A transaction that
 * is run again after a conflict is one operation, of which the last run counts. Snapshots are recorded when
 * they have a body. A range is recorded as a read of each of its entries; that others were absent is not.
 */
export function recordStore<S extends RecordableStore>(
  store: S,
  recorder: Recorder,
  options: RecordOptions = {},
): RecordedStore<S> {
  const { key = keyText, value = plainValue, model = 'rw-register' } = options
  const naming: Naming = { key, value, isList: model === 'list-append' }
  const start = (body: unknown): Run => new Run(recorder.invoke(), naming, body as Body)
  const recorded: RecordableStore = {
    transaction: (body, given) => start(body).async((run) => store.transaction(run as never, given)),
    transactionSync: (body, given) => start(body).sync((run) => store.transactionSync(run as never, given)),
    snapshot(body, given) {
      if (typeof body !== 'function')
        throw new UnrecordableError('a snapshot that is held open', 'give snapshot a body')
      return start(body).sync((run) => store.snapshot(run as never, given))
    },
  }
  return recorded as unknown as RecordedStore<S>
}

/** One operation: its body may be run several times. */
class Run {
  readonly #call: RecordedCall
  readonly #naming: Naming
  readonly #userBody: Body
  #hasBegun = false
  /** Whether the body has run to its end, so that the store may have gone on to commit. */
  #hasReturned = false

  constructor(call: RecordedCall, naming: Naming, body: Body) {
    this.#call = call
    this.#naming = naming
    this.#userBody = body
  }

  sync<T>(call: (body: Body) => T): T {
    let value: T
    try {
      value = call((tx) => {
        const answer = this.#userBody(this.#view(tx))
        this.#hasReturned = true
        return answer
      })
    } catch (error) {
      this.#failed(error)
      throw error
    }
    this.#call.ok()
    return value
  }

  async async<T>(call: (body: Body) => Promise<T>): Promise<T> {
    let value: T
    try {
      value = await call(async (tx) => {
        const answer = await this.#userBody(this.#view(tx))
        this.#hasReturned = true
        return answer
      })
    } catch (error) {
      this.#failed(error)
      throw error
    }
    this.#call.ok()
    return value
  }

  #failed(error: unknown): void {
    if (!this.#hasReturned || outcomeOf(error) === 'fail') this.#call.fail(errorText(error))
    else this.#call.info(errorText(error))
  }

  #view(tx: RecordableTransaction): RecordableTransaction {
    if (this.#hasBegun) this.#call.restart()
    this.#hasBegun = true
    this.#hasReturned = false
    return new RecordedView(this.#naming, this.#call, tx) as unknown as RecordableTransaction
  }
}

function keyText(table: NamedTable, key: unknown): Value {
  return `${table.name}/${typeof key === 'string' || typeof key === 'number' ? key : JSON.stringify(key)}`
}

function plainValue(value: unknown): Value {
  if (typeof value !== 'object' || value === null) return value as Value
  return Array.isArray(value) ? value.map(plainValue) : JSON.stringify(value)
}
