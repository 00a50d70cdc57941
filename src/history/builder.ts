import { HistoryFormatError, type Place } from './errors.js'
import { History, HistoryColumns, typeFail, typeInfo, typeInvoke, typeOk } from './history.js'
import { MicroScratch } from './microScratch.js'
import type { NewOperation } from './operation.js'
import { nemesis, operationTypes } from './operation.js'

/** What stands around the value of an operation. */
export interface Heading {
  readonly type: number
  readonly process: number | string
  readonly f: string
  /** NaN when absent. */
  readonly index: number
  /** NaN when absent. */
  readonly time: number
  readonly line: number
}

/**
 * Puts operations together to a history, in the order in which they happened. An operation that cannot be
 * (an answer that nobody waits for, a process that asks twice) is refused at once.
 */
export class HistoryBuilder {
  readonly columns: HistoryColumns = new HistoryColumns()
  readonly #file: string | undefined
  readonly #processes = new Map<number | string, number>()
  readonly #functions = new Map<string, number>()
  /** Position of the invocation that a process waits for, or -1. */
  readonly #waiting: number[] = []
  #isIndexed = true
  readonly #scratch = new MicroScratch()

  constructor(file?: string) {
    this.#file = file
  }

  get size(): number {
    return this.columns.types.length
  }

  /** @throws HistoryFormatError when the operation cannot follow those before it. */
  add(operation: NewOperation): void {
    const { columns } = this
    const position = this.size
    this.#scratch.clear()
    const isTransaction = this.#scratch.addAll(operation.value, columns.table)
    const type = operationTypes.indexOf(operation.type)
    const heading = {
      type,
      process: operation.process,
      f: operation.f,
      index: operation.index ?? Number.NaN,
      time: operation.time ?? Number.NaN,
      line: operation.line ?? 0,
    }
    this.addParsed(heading, this.#scratch)
    if (!isTransaction || this.#scratch.length === 0) columns.values[position] = operation.value
    if (operation.error !== undefined) columns.errors.set(position, operation.error)
    if (operation.tid !== undefined) columns.tids[position] = operation.tid
  }

  /** A history of what was added. The builder must not be used again. */
  finish(): History {
    const { indexes } = this.columns
    if (!this.#isIndexed) for (let i = 0; i < indexes.length; i += 1) indexes.data[i] = i
    return new History(this.columns, this.#file)
  }

  /**
   * Adds an operation that a reader has parsed; what else it has, the reader puts into the columns.
   *
   * @internal
   */
  addParsed(heading: Heading, micros: MicroScratch): void {
    const { columns } = this
    const position = this.size
    const process = this.#numberOfProcess(heading.process)
    if (heading.process !== nemesis) this.#checkOrder(process, heading)
    columns.types.push(heading.type)
    columns.processes.push(process)
    columns.functions.push(this.#numberOfFunction(heading.f))
    columns.indexes.push(heading.index)
    columns.times.push(heading.time)
    columns.lines.push(heading.line)
    columns.partners.push(-1)
    if (Number.isNaN(heading.index)) this.#isIndexed = false
    if (heading.process !== nemesis) this.#pair(position, process, heading.type)
    micros.moveTo(columns.micros, heading.type === typeOk || heading.type === typeInfo)
    columns.microStarts.push(columns.micros.length)
  }

  #checkOrder(process: number, heading: Heading): void {
    const waiting = this.#waiting[process]!
    if (heading.type === typeInvoke && waiting >= 0) {
      const earlier = `its invocation at ${this.#name(waiting)} to complete first`
      throw new HistoryFormatError(this.#place(heading), earlier, `another of process ${heading.process}`)
    }
    // As in Jepsen, what is no call at all may be noted as `info`.
    if (waiting < 0 && (heading.type === typeOk || heading.type === typeFail)) {
      const found = `'${operationTypes[heading.type]}' of a process that waits for nothing`
      throw new HistoryFormatError(this.#place(heading), `an invocation by process ${heading.process}`, found)
    }
  }

  #pair(position: number, process: number, type: number): void {
    const { partners } = this.columns
    if (type === typeInvoke) {
      this.#waiting[process] = position
      return
    }
    const waiting = this.#waiting[process]!
    if (waiting < 0) return
    partners.data[waiting] = position
    partners.data[position] = waiting
    this.#waiting[process] = -1
  }

  #numberOfProcess(name: number | string): number {
    const known = this.#processes.get(name)
    if (known !== undefined) return known
    const number = this.#processes.size
    this.#processes.set(name, number)
    this.columns.processNames.push(name)
    this.#waiting.push(-1)
    return number
  }

  #numberOfFunction(name: string): number {
    const known = this.#functions.get(name)
    if (known !== undefined) return known
    const number = this.#functions.size
    this.#functions.set(name, number)
    this.columns.names.push(name)
    return number
  }

  #place({ line }: Heading): Place {
    return { ...(this.#file === undefined ? {} : { file: this.#file }), ...(line === 0 ? {} : { line }) }
  }

  #name(position: number): string {
    const line = this.columns.lines.data[position]!
    return line === 0 ? `position ${position}` : `line ${line}`
  }
}

/** A history of operations made in memory. */
export function historyOf(operations: Iterable<NewOperation>): History {
  const builder = new HistoryBuilder()
  for (const operation of operations) builder.add(operation)
  return builder.finish()
}
