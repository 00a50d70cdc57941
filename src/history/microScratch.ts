import { FloatColumn, IntColumn } from './column.js'
import { type CodeList, type MicroColumns, micro } from './microColumns.js'
import { isList } from './valueText.js'
import type { Value } from './operation.js'
import type { ValueTable } from './valueTable.js'

/**
 * The micro-operations of one operation, as codes, before anything of it is kept: an operation may turn out
 * to be malformed, or to go on in text that is not there yet.
 */
export class MicroScratch {
  readonly kinds: IntColumn = new IntColumn()
  readonly keys: FloatColumn = new FloatColumn()
  /** The code of the value, or the number of codes of a list. */
  readonly values: FloatColumn = new FloatColumn()
  /** The codes of all lists, one after the other. */
  readonly lists: FloatColumn = new FloatColumn()

  clear(): void {
    this.kinds.length = 0
    this.keys.length = 0
    this.values.length = 0
    this.lists.length = 0
  }

  get length(): number {
    return this.kinds.length
  }

  add(kind: number, key: number, value: number): void {
    this.kinds.push(kind)
    this.keys.push(key)
    this.values.push(value)
  }

  /** Adds the micro-operations of a value; false when it is no list of them. */
  addAll(value: Value, table: ValueTable): boolean {
    if (!isList(value) || !value.every(isMicro)) return false
    for (const [f, key, held] of value as readonly (readonly [string, Value, Value])[]) {
      const keyCode = table.codeOf(key)
      if (f === 'append') this.add(micro.append, keyCode, table.codeOf(held))
      else if (f === 'w') this.add(micro.write, keyCode, table.codeOf(held))
      else if (held === null) this.add(micro.readNil, keyCode, -1)
      else if (isList(held)) {
        for (const element of held) this.lists.push(table.codeOf(element))
        this.add(micro.readList, keyCode, held.length)
      } else this.add(micro.readOne, keyCode, table.codeOf(held))
    }
    return true
  }

  /** `canGrow`: lists read are what a client saw, and may become the spine of their key. */
  moveTo(micros: MicroColumns, canGrow: boolean): void {
    const list: CodeList = { codes: this.lists.data, from: 0, count: 0 }
    for (let i = 0; i < this.kinds.length; i += 1) {
      const kind = this.kinds.data[i]!
      const key = micros.addKey(this.keys.data[i]!)
      const value = this.values.data[i]!
      if (kind === micro.readNil) micros.addReadNil(key)
      else if (kind === micro.readList) {
        list.count = value
        micros.addReadList(key, list, canGrow)
        list.from += value
      } else micros.addElement(kind, key, value)
    }
  }
}

function isMicro(value: Value): boolean {
  if (!isList(value) || value.length !== 3) return false
  const [f] = value
  return f === 'append' || f === 'w' || f === 'r'
}
