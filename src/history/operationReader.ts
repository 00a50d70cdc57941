import type { HistoryBuilder } from './builder.js'
import { micro } from './microColumns.js'
import { MicroScratch } from './microScratch.js'
import type { OperationType, Value } from './operation.js'
import { operationTypes } from './operation.js'
import { byte, type TextReader } from './textReader.js'

const micros: Readonly<Record<string, number>> = { append: micro.append, w: micro.write, r: micro.readOne }

/** What has been read of one operation. */
interface Fields {
  type: number
  process: number | string | undefined
  f: string | undefined
  index: number
  time: number
  hasValue: boolean
  /** The value, unless it is in the scratch. */
  value: Value
  error: Value | undefined
  tid: bigint | undefined
}

/** Takes operations from a text to a builder, transactions without an object for each micro-operation. */
export class OperationReader {
  readonly #reader: TextReader
  readonly #builder: HistoryBuilder
  readonly #scratch = new MicroScratch()

  constructor(reader: TextReader, builder: HistoryBuilder) {
    this.#reader = reader
    this.#builder = builder
  }

  /** Takes the operation that is next. */
  read(): void {
    const reader = this.#reader
    reader.peek()
    const { line } = reader
    const start = reader.position
    if (!reader.openMap()) throw reader.error('an operation (a map with type, process, f and value)')
    const fields = this.#fields()
    const { process } = fields
    if (fields.type < 0) throw reader.error('an operation with a type', 'none', start)
    if (process === undefined) throw reader.error('an operation with a process', 'none', start)
    const { columns } = this.#builder
    const position = this.#builder.size
    const isTransaction = this.#scratch.length > 0
    const f = fields.f ?? (isTransaction ? 'txn' : '')
    this.#builder.addParsed(
      { type: fields.type, process, f, index: fields.index, time: fields.time, line },
      this.#scratch,
    )
    if (!isTransaction && fields.hasValue) columns.values[position] = fields.value
    if (fields.error !== undefined) columns.errors.set(position, fields.error)
    if (fields.tid !== undefined) columns.tids[position] = fields.tid
  }

  #fields(): Fields {
    this.#scratch.clear()
    const fields: Fields = {
      type: -1,
      process: undefined,
      f: undefined,
      index: Number.NaN,
      time: Number.NaN,
      hasValue: false,
      value: null,
      error: undefined,
      tid: undefined,
    }
    for (let isFirst = true; ; isFirst = false) {
      const name = this.#reader.nextKey(isFirst)
      if (this.#reader.isClosed) return fields
      this.#field(fields, name < 0 ? '' : this.#reader.cache.texts[name]!)
    }
  }

  #field(fields: Fields, name: string): void {
    const reader = this.#reader
    switch (name) {
      case 'type':
        fields.type = this.#type()
        return
      case 'process':
        fields.process = this.#process()
        return
      case 'f':
        fields.f = this.#text('the name of a function')
        return
      case 'value':
        fields.hasValue = true
        fields.value = this.#value()
        return
      case 'index':
        fields.index = this.#number('index')
        return
      case 'time':
        fields.time = this.#number('time')
        return
      case 'error':
        fields.error = reader.value()
        return
      case 'tid':
        fields.tid = this.#tid()
        return
      default:
        reader.value()
    }
  }

  #type(): number {
    const reader = this.#reader
    reader.peek()
    const start = reader.position
    const number = reader.name()
    const type = number < 0 ? -1 : operationTypes.indexOf(reader.cache.texts[number]! as OperationType)
    if (type < 0) throw reader.error(`a type: ${operationTypes.join(', ')}`, undefined, start)
    return type
  }

  #process(): number | string {
    const reader = this.#reader
    reader.peek()
    const start = reader.position
    const value = reader.value()
    if (typeof value === 'string' || (typeof value === 'number' && Number.isInteger(value))) return value
    throw reader.error('a process (a whole number, or a name)', undefined, start)
  }

  #text(expected: string): string {
    const reader = this.#reader
    reader.peek()
    const start = reader.position
    const number = reader.name()
    if (number >= 0) return reader.cache.texts[number]!
    reader.position = start
    const value = reader.value()
    if (typeof value === 'string') return value
    if (value === null) return ''
    throw reader.error(expected, undefined, start)
  }

  #number(what: string): number {
    const reader = this.#reader
    const first = reader.peek()
    const start = reader.position
    const whole = first === byte.minus || first <= byte.nine ? reader.wholeNumber() : Number.NaN
    if (!Number.isNaN(whole)) return whole
    const value = reader.value()
    if (value === null) return Number.NaN
    if (typeof value === 'number' || typeof value === 'bigint') return Number(value)
    throw reader.error(`a number as ${what}`, undefined, start)
  }

  #tid(): bigint | undefined {
    const reader = this.#reader
    reader.peek()
    const start = reader.position
    const value = reader.value()
    if (value === null) return undefined
    if (typeof value === 'bigint' || (typeof value === 'number' && Number.isInteger(value)))
      return BigInt(value)
    throw reader.error('a whole number as tid', undefined, start)
  }

  /** A list of micro-operations goes to the scratch; anything else is taken again as a value. */
  #value(): Value {
    const reader = this.#reader
    reader.peek()
    const mark = reader.mark()
    if (this.#takeMicros()) return []
    this.#scratch.clear()
    reader.reset(mark)
    return reader.value()
  }

  #takeMicros(): boolean {
    const reader = this.#reader
    if (!reader.openList()) return false
    for (let isFirst = true; reader.hasItem(isFirst); isFirst = false) {
      if (!reader.openList() || !reader.hasItem(true)) return false
      const name = reader.name()
      if (name < 0) return false
      const kind = micros[reader.cache.texts[name]!]
      if (kind === undefined || !this.#takeMicro(kind)) return false
    }
    return true
  }

  #takeMicro(kind: number): boolean {
    const reader = this.#reader
    if (!reader.hasItem(false)) return false
    const key = reader.code()
    if (!reader.hasItem(false)) return false
    if (kind !== micro.readOne) this.#scratch.add(kind, key, reader.code())
    else if (reader.nil()) this.#scratch.add(micro.readNil, key, -1)
    else if (reader.openList()) this.#scratch.add(micro.readList, key, this.#takeList())
    else this.#scratch.add(kind, key, reader.code())
    return !reader.hasItem(false)
  }

  #takeList(): number {
    const reader = this.#reader
    const { lists } = this.#scratch
    const from = lists.length
    for (let isFirst = true; reader.hasItem(isFirst); isFirst = false) lists.push(reader.code())
    return lists.length - from
  }
}
