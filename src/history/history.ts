import { FloatColumn, IntColumn } from './column.js'
import { MicroColumns, micro } from './microColumns.js'
import type { Call, Operation, OperationType, Value } from './operation.js'
import { nemesis, operationTypes } from './operation.js'
import { ValueTable } from './valueTable.js'

/** Positions of the operation types in the column `types`. */
export const typeInvoke = 0
export const typeOk = 1
export const typeFail = 2
export const typeInfo = 3

/** The columns behind a `History`. Written by `HistoryBuilder` alone; checkers of millions read them. */
export class HistoryColumns {
  /** Per operation, by its position in the file. */
  readonly types: IntColumn = new IntColumn()
  /** Index into `processNames`. */
  readonly processes: IntColumn = new IntColumn()
  /** Index into `names`. */
  readonly functions: IntColumn = new IntColumn()
  readonly indexes: FloatColumn = new FloatColumn()
  /** NaN when the history does not say. */
  readonly times: FloatColumn = new FloatColumn()
  /** 0 when it was not read from a file. */
  readonly lines: IntColumn = new IntColumn()
  /** The position of the other operation of the call, or -1. */
  readonly partners: IntColumn = new IntColumn()
  /** Rows of `micros` from `microStarts[position]` to below `microStarts[position + 1]`. */
  readonly microStarts: IntColumn = new IntColumn()
  readonly micros: MicroColumns
  readonly table: ValueTable = new ValueTable()
  readonly processNames: (number | string)[] = []
  readonly names: string[] = []
  /** Values that are no list of micro-operations, and what few operations have, by position. */
  readonly values: Value[] = []
  readonly errors: Map<number, Value> = new Map()
  readonly tids: bigint[] = []

  constructor() {
    this.micros = new MicroColumns(this.table)
    this.microStarts.push(0)
  }
}

/**
 * A recorded history, in memory. Looking at one operation makes an object of it; the columns below are for
 * checkers that look at all of them.
 */
export class History implements Iterable<Operation> {
  readonly columns: HistoryColumns
  /** The file it was read from. */
  readonly file: string | undefined

  /** Made by `HistoryBuilder` and `historyOf`. */
  constructor(columns: HistoryColumns, file?: string) {
    this.columns = columns
    this.file = file
  }

  /** The number of operations: an invocation and its completion are two. */
  get size(): number {
    return this.columns.types.length
  }

  /** The operation at a position from 0, in the order of the file. */
  operation(position: number): Operation {
    if (!Number.isInteger(position) || position < 0 || position >= this.size) {
      throw new RangeError(`position ${position} of a history of ${this.size} operations`)
    }
    const { columns } = this
    const time = columns.times.data[position]!
    const line = columns.lines.data[position]!
    const error = columns.errors.get(position)
    const tid = columns.tids[position]
    return {
      index: columns.indexes.data[position]!,
      type: this.type(position),
      process: columns.processNames[columns.processes.data[position]!]!,
      f: columns.names[columns.functions.data[position]!]!,
      value: this.value(position),
      ...(Number.isNaN(time) ? {} : { time }),
      ...(error === undefined ? {} : { error }),
      ...(tid === undefined ? {} : { tid }),
      ...(line === 0 ? {} : { line }),
    }
  }

  type(position: number): OperationType {
    return operationTypes[this.columns.types.data[position]!]!
  }

  value(position: number): Value {
    const { microStarts, values } = this.columns
    const from = microStarts.data[position]!
    const to = microStarts.data[position + 1]!
    if (from === to) return values[position] ?? null
    return Array.from({ length: to - from }, (_, i) => this.microValue(from + i))
  }

  /** One micro-operation as a value: `['append', key, value]`. */
  microValue(row: number): Value {
    const { micros } = this.columns
    const key = micros.keyOf(micros.keys.data[row]!)
    const value = micros.values.data[row]!
    switch (micros.kinds.data[row]) {
      case micro.append:
        return ['append', key, micros.valueOfElement(value)]
      case micro.write:
        return ['w', key, micros.valueOfElement(value)]
      case micro.readNil:
        return ['r', key, null]
      case micro.readOne:
        return ['r', key, micros.valueOfElement(value)]
      default:
        return ['r', key, micros.elementsRead(row).map((element) => micros.valueOfElement(element))]
    }
  }

  /** The position of the completion of an invocation, or the reverse; -1 when there is none. */
  partner(position: number): number {
    return this.columns.partners.data[position]!
  }

  isNemesis(position: number): boolean {
    return this.columns.processNames[this.columns.processes.data[position]!] === nemesis
  }

  *[Symbol.iterator](): Iterator<Operation> {
    for (let position = 0; position < this.size; position += 1) yield this.operation(position)
  }

  /** The calls of clients in the order of their invocations, without those of the nemesis. */
  *calls(): Generator<Call> {
    for (let position = 0; position < this.size; position += 1) {
      if (this.columns.types.data[position] !== typeInvoke || this.isNemesis(position)) continue
      const partner = this.partner(position)
      const invocation = this.operation(position)
      yield partner < 0 ? { invocation } : { invocation, completion: this.operation(partner) }
    }
  }
}
