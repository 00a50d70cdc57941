import { IntColumn } from '../../history/column.js'
import { micro } from '../../history/microColumns.js'
import { valueText } from '../../history/valueText.js'
import { operationText } from '../seen.js'
import { type Calls, outcome } from './calls.js'
import { WorkloadError } from './errors.js'

/** A key as nobody has written it. Other versions are elements. */
export const nil = -1
export const none = -2

/**
 * What transactions on registers show to the outside, per key: the version read before the transaction wrote
 * the key itself, and the last version it wrote. Of calls with unknown outcome there are writes only.
 */
export class Externals {
  readonly calls: Calls
  /** Rows of the columns below, by call. */
  readonly starts: IntColumn = new IntColumn()
  readonly keys: IntColumn = new IntColumn()
  readonly reads: IntColumn = new IntColumn()
  readonly writes: IntColumn = new IntColumn()
  /** Versions that are lists, by the row of the micro-operation that read them. */
  readonly #lists = new Map<number, number>()

  /** @throws WorkloadError when a transaction is not made of writes and reads. */
  constructor(calls: Calls) {
    this.calls = calls
    const touchedBy = new Int32Array(calls.columns.micros.keyTable.size).fill(-1)
    const rowOf = new Int32Array(touchedBy.length)
    for (let call = 0; call < calls.count; call += 1) {
      this.starts.push(this.keys.length)
      this.#require(call)
      if (calls.outcomes.data[call] === outcome.failed) continue
      for (let row = calls.rowStarts.data[call]!; row < calls.rowEnds.data[call]!; row += 1) {
        this.#addRow({ call, row }, touchedBy, rowOf)
      }
    }
    this.starts.push(this.keys.length)
  }

  /** The version that a micro-operation read or wrote. */
  version(row: number): number {
    const { micros } = this.calls.columns
    const of = micros.kinds.data[row]!
    if (of === micro.readNil) return nil
    return of === micro.write || of === micro.readOne ? micros.values.data[row]! : this.#lists.get(row)!
  }

  #addRow(at: { call: number; row: number }, touchedBy: Int32Array, rowOf: Int32Array): void {
    const { micros } = this.calls.columns
    const key = micros.keys.data[at.row]!
    const isWrite = micros.kinds.data[at.row] === micro.write
    if (!isWrite && (touchedBy[key] === at.call || !this.calls.isOk(at.call))) return
    if (touchedBy[key] !== at.call) {
      touchedBy[key] = at.call
      rowOf[key] = this.keys.length
      this.keys.push(key)
      this.reads.push(isWrite ? none : this.version(at.row))
      this.writes.push(none)
    }
    if (isWrite) this.writes.data[rowOf[key]!] = this.version(at.row)
  }

  #require(call: number): void {
    const { calls } = this
    const { micros, table } = calls.columns
    for (let row = calls.rowStarts.data[call]!; row < calls.rowEnds.data[call]!; row += 1) {
      const of = micros.kinds.data[row]!
      if (of === micro.append) {
        const operation = calls.history.operation(calls.invocations.data[call]!)
        const what = `${operationText(operation)} has ${valueText(calls.history.microValue(row))}`
        throw new WorkloadError(`rw-register has writes 'w' and reads 'r' only; ${what}`)
      }
      if (of !== micro.readPrefix && of !== micro.readList) continue
      // A list is one value here.
      const list = micros.elementsRead(row).map((element) => micros.valueOfElement(element))
      this.#lists.set(row, micros.elements.add(micros.keys.data[row]!, table.codeOf(list)))
    }
  }
}
