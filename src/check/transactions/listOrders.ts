import { micro } from '../../history/microColumns.js'
import { type Calls, outcome } from './calls.js'

/** Before the first element of a key. */
export const initial = -1
/** The place of an element that no read shows. */
export const unseen = -2

/** The order of the elements of each key, as the longest list read of it shows it. */
export class ListOrders {
  /** By element: the one before it, `initial` or `unseen`. */
  readonly previous: Int32Array
  /** By key: the last element read, or `initial`. */
  readonly last: Int32Array
  /** By key: the number of a list that was read and contradicts the spine, or -1. */
  readonly contradiction: Int32Array
  readonly #calls: Calls
  readonly #lists = new Map<number, number[]>()

  constructor(calls: Calls) {
    this.#calls = calls
    const { micros } = calls.columns
    const keys = micros.keyTable.size
    this.previous = new Int32Array(micros.elements.size).fill(unseen)
    this.last = new Int32Array(keys).fill(initial)
    this.contradiction = new Int32Array(keys).fill(-1)
    const singles = this.#scan()
    for (let key = 0; key < keys; key += 1) {
      const list = this.#lists.get(key)
      if (list !== undefined) this.#chain(key, list.length, (place) => list[place]!)
      else if (micros.spineLength(key) > 0) {
        this.#chain(key, micros.spineLength(key), (place) => micros.spineElement(key, place))
      } else if (singles[key]! >= 0) this.#chain(key, 1, () => singles[key]!)
    }
  }

  /** The elements of a key in their order, each once. */
  elements(key: number): number[] {
    const elements: number[] = []
    for (let element = this.last[key]!; element >= 0; element = this.previous[element]!)
      elements.push(element)
    return elements.reverse()
  }

  /** Lists beside the spines; and of each key the only element appended, -1 for none, -2 for more. */
  #scan(): Int32Array {
    const { columns, count, outcomes, rowStarts, rowEnds } = this.#calls
    const { micros } = columns
    const singles = new Int32Array(micros.keyTable.size).fill(-1)
    for (let call = 0; call < count; call += 1) {
      if (outcomes.data[call] === outcome.failed) continue
      for (let row = rowStarts.data[call]!; row < rowEnds.data[call]!; row += 1) {
        const of = micros.kinds.data[row]!
        const key = micros.keys.data[row]!
        if (of === micro.append) singles[key] = singles[key] === -1 ? micros.values.data[row]! : -2
        else if (of === micro.readList) this.#addList(key, micros.values.data[row]!)
      }
    }
    return singles
  }

  #addList(key: number, list: number): void {
    const { micros } = this.#calls.columns
    if (this.contradiction[key]! < 0) this.contradiction[key] = list
    const elements = micros.elementsOfList(list)
    const longest = this.#lists.get(key)?.length ?? micros.spineLength(key)
    if (elements.length > longest) this.#lists.set(key, elements)
  }

  #chain(key: number, length: number, at: (place: number) => number): void {
    let before = initial
    for (let place = 0; place < length; place += 1) {
      const element = at(place)
      if (this.previous[element] !== unseen) continue
      this.previous[element] = before
      before = element
    }
    this.last[key] = before
  }
}
