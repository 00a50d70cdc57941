import { errorText, outcomeOf, type RecordedCall, type Recorder, type Value } from 'tidemark/history'
import type { AdapterStore, AdapterTransaction } from './adapter.js'

/**
 * What a transaction does, as steps: each `yield` is given what may be a promise, and answers what came of
 * it.
 * So one text serves stores that wait and stores that do not. Returns what the client is told.
 */
export type Body = (tx: AdapterTransaction, call: RecordedCall) => Generator<unknown, Value, unknown>

/**
 * One call of a client. Everything random about it is chosen already: a run
 * after a conflict does the same.
 */
export interface Operation {
  readonly f: string
  /** What it is called with; null of transactions, whose steps say all. */
  readonly value: Value
  readonly body: Body
}

/** Thrown by a body to end without an effect: the operation has failed, for the reason given. */
export class Refusal extends Error {
  override readonly name = 'Refusal'
}

/** How an operation ended, and why if it was not well. */
export type Ending =
  | { readonly type: 'ok' }
  | { readonly type: 'fail' | 'info'; readonly isRefusal: boolean; readonly error: string }

const ok: Ending = { type: 'ok' }

/** Runs an operation on a store that does not wait, and records it. */
export function runSync(store: AdapterStore, recorder: Recorder, operation: Operation): Ending {
  const run = new OperationRun(recorder, operation)
  try {
    store.transactionSync!((tx) => run.steps(tx))
  } catch (error) {
    return run.failed(error)
  }
  return run.ok()
}

/** Runs an operation on a store that may wait, and records it. */
export async function runAsync(
  store: AdapterStore,
  recorder: Recorder,
  operation: Operation,
): Promise<Ending> {
  const run = new OperationRun(recorder, operation)
  try {
    await store.transaction((tx) => run.stepsAsync(tx))
  } catch (error) {
    return run.failed(error)
  }
  return run.ok()
}

class OperationRun {
  readonly #call: RecordedCall
  readonly #operation: Operation
  #hasBegun = false
  #hasReturned = false
  #answer: Value = null

  constructor(recorder: Recorder, operation: Operation) {
    this.#call = operation.f === 'txn' ? recorder.invoke() : recorder.invoke(operation.f, operation.value)
    this.#operation = operation
  }

  steps(tx: AdapterTransaction): void {
    const steps = this.#begin(tx)
    let step = steps.next()
    while (step.done !== true) step = steps.next(step.value)
    this.#return(step.value)
  }

  async stepsAsync(tx: AdapterTransaction): Promise<void> {
    const steps = this.#begin(tx)
    let step = steps.next()
    while (step.done !== true) step = steps.next(await step.value)
    this.#return(step.value)
  }

  ok(): Ending {
    this.#call.ok(this.#answer)
    return ok
  }

  failed(error: unknown): Ending {
    const isCertain =
      !this.#hasReturned ||
      outcomeOf(error) === 'fail' ||
      (error as { readonly outcome?: unknown } | null)?.outcome === 'fail'
    const isRefusal = error instanceof Refusal
    const text = isRefusal ? error.message : errorText(error)
    if (isCertain) this.#call.fail(text)
    else this.#call.info(text)
    return { type: isCertain ? 'fail' : 'info', isRefusal, error: text }
  }

  #begin(tx: AdapterTransaction): Generator<unknown, Value, unknown> {
    if (this.#hasBegun) this.#call.restart()
    this.#hasBegun = true
    this.#hasReturned = false
    return this.#operation.body(tx, this.#call)
  }

  #return(answer: Value): void {
    this.#answer = answer
    this.#hasReturned = true
  }
}
