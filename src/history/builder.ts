import { HistoryFormatError, type Place } from './errors.js'
import { History, HistoryColumns, typeInfo, typeInvoke } from './history.js'
import { micro } from './microColumns.js'
import type { NewOperation, Value } from './operation.js'
import { nemesis, operationTypes } from './operation.js'
import { isList } from './valueText.js'

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
  #codes = new Float64Array(64)

  constructor(file?: string) {
    this.#file = file
  }

  get size(): number {
    return this.columns.types.length
  }

  /** @throws HistoryFormatError when the operation cannot follow those before it. */
  add(operation: NewOperation): void {
    this.addHeading({
      type: operationTypes.indexOf(operation.type),
      process: operation.process,
      f: operation.f,
      index: operation.index ?? Number.NaN,
      time: operation.time ?? Number.NaN,
      line: operation.line ?? 0,
    })
    const { columns } = this
    const position = this.size - 1
    if (operation.error !== undefined) columns.errors.set(position, operation.error)
    if (operation.tid !== undefined) columns.tids[position] = operation.tid
    if (!this.#addMicros(operation.value)) columns.values[position] = operation.value
    this.endOperation()
  }

  /** A history of what was added. The builder must not be used again. */
  finish(): History {
    const { indexes } = this.columns
    if (!this.#isIndexed) for (let i = 0; i < indexes.length; i += 1) indexes.data[i] = i
    return new History(this.columns, this.#file)
  }

  /**
   * Begins an operation. The caller adds its value to the columns, then calls `endOperation`.
   *
   * @internal
   */
  addHeading(heading: Heading): void {
    const { columns } = this
    const position = this.size
    const process = this.#numberOfProcess(heading.process)
    columns.types.push(heading.type)
    columns.processes.push(process)
    columns.functions.push(this.#numberOfFunction(heading.f))
    columns.indexes.push(heading.index)
    columns.times.push(heading.time)
    columns.lines.push(heading.line)
    columns.partners.push(-1)
    if (Number.isNaN(heading.index)) this.#isIndexed = false
    if (heading.process !== nemesis) this.#pair(position, process, heading)
  }

  /** @internal */
  endOperation(): void {
    this.columns.microStarts.push(this.columns.micros.length)
  }

  #pair(position: number, process: number, heading: Heading): void {
    const { partners } = this.columns
    const waiting = this.#waiting[process]!
    if (heading.type === typeInvoke) {
      if (waiting >= 0) {
        const earlier = `its invocation at ${this.#name(waiting)} to complete first`
        throw new HistoryFormatError(this.#place(heading), earlier, `another of process ${heading.process}`)
      }
      this.#waiting[process] = position
      return
    }
    if (waiting < 0) {
      // As in Jepsen, what is no call at all may be noted as `info`.
      if (heading.type === typeInfo) return
      const found = `'${operationTypes[heading.type]}' of a process that waits for nothing`
      throw new HistoryFormatError(this.#place(heading), `an invocation by process ${heading.process}`, found)
    }
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

  /** False, and nothing added, when the value is no list of micro-operations. */
  #addMicros(value: Value): boolean {
    if (!isList(value) || value.length === 0 || !value.every(isMicro)) return false
    const { micros, table } = this.columns
    for (const [f, keyValue, held] of value as readonly (readonly [string, Value, Value])[]) {
      const key = micros.addKey(table.codeOf(keyValue))
      if (f === 'append') micros.addElement(micro.append, key, table.codeOf(held))
      else if (f === 'w') micros.addElement(micro.write, key, table.codeOf(held))
      else if (held === null) micros.addReadNil(key)
      else if (isList(held)) this.#addReadList(key, held)
      else micros.addElement(micro.readOne, key, table.codeOf(held))
    }
    return true
  }

  #addReadList(key: number, held: readonly Value[]): void {
    if (held.length > this.#codes.length) this.#codes = new Float64Array(held.length * 2)
    const { micros, table } = this.columns
    held.forEach((element, i) => {
      this.#codes[i] = table.codeOf(element)
    })
    micros.addReadList(key, this.#codes, held.length)
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

function isMicro(value: Value): boolean {
  if (!isList(value) || value.length !== 3) return false
  const [f] = value
  return f === 'append' || f === 'w' || f === 'r'
}
