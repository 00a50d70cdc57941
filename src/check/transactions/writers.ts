import { micro } from '../../history/microColumns.js'
import { operationText } from '../seen.js'
import { type Calls, outcome } from './calls.js'
import { WorkloadError } from './errors.js'
import { text } from './evidence.js'

export const nobody = -1

/** Who wrote each element (a value of a key). */
export class Writers {
  /** By element: the call, or `nobody`. */
  readonly of: Int32Array
  /** 1 when its transaction wrote the same key again. */
  readonly isIntermediate: Uint8Array
  readonly #calls: Calls

  /**
   * `isUnique`: a value that two writes wrote is an error at once.
   *
   * @throws WorkloadError
   */
  constructor(calls: Calls, isUnique: boolean) {
    this.#calls = calls
    const { micros } = calls.columns
    this.of = new Int32Array(micros.elements.size).fill(nobody)
    this.isIntermediate = new Uint8Array(micros.elements.size)
    const later = new Int32Array(micros.keyTable.size).fill(-1)
    for (let call = 0; call < calls.count; call += 1) {
      const from = calls.rowStarts.data[call]!
      for (let row = calls.rowEnds.data[call]! - 1; row >= from; row -= 1) {
        const of = micros.kinds.data[row]!
        if (of !== micro.append && of !== micro.write) continue
        const element = micros.values.data[row]!
        const key = micros.keys.data[row]!
        if (this.of[element] !== nobody && isUnique) throw this.#twice(row, call)
        // Between a failed writer and another, the other may be what a reader saw.
        if (this.of[element] === nobody || !this.isFailed(call)) this.of[element] = call
        if (later[key] === call) this.isIntermediate[element] = 1
        later[key] = call
      }
    }
  }

  isFailed(call: number): boolean {
    return this.#calls.outcomes.data[call] === outcome.failed
  }

  /** The call that wrote an element and may have committed, or `nobody`. */
  committed(element: number): number {
    const call = this.of[element]!
    return call === nobody || this.isFailed(call) ? nobody : call
  }

  #twice(row: number, call: number): WorkloadError {
    const { history, columns } = this.#calls
    const { micros } = columns
    const value = text(micros.valueOfElement(micros.values.data[row]!))
    const key = text(micros.keyOf(micros.keys.data[row]!))
    const operation = operationText(history.operation(this.#calls.invocations.data[call]!))
    return new WorkloadError(
      `value ${value} is written to key ${key} more than once, again by ${operation}; ` +
        'each write to a key needs a value of its own',
    )
  }
}
