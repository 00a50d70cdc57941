import { micro, type MicroColumns } from '../../history/microColumns.js'
import { type Calls, outcome } from './calls.js'
import { type GraphBuilder, kind } from './graph.js'
import { initial, type ListOrders, unseen } from './listOrders.js'
import { nobody, type Writers } from './writers.js'

/** What the graph of list-append transactions is made from. */
export interface ListHistory {
  readonly calls: Calls
  readonly writers: Writers
  readonly orders: ListOrders
}

/** The last element a row has read: `initial` of an empty list, `unseen` when nobody knows. */
export function lastRead(micros: MicroColumns, row: number, isOk: boolean): number {
  const value = micros.values.data[row]!
  switch (micros.kinds.data[row]) {
    case micro.readNil:
      return isOk ? initial : unseen
    case micro.readPrefix:
      return value === 0 ? initial : micros.spineElement(micros.keys.data[row]!, value - 1)
    case micro.readList:
      return micros.lastOfList(value)
    default:
      return unseen
  }
}

/** The element after which one was appended: what is unseen comes after all that is seen. */
export function elementBefore({ previous, last }: ListOrders, element: number, key: number): number {
  const before = previous[element]!
  return before === unseen ? last[key]! : before
}

/** Adds the `ww`, `wr` and `rw` edges that reads of lists show. Linear in the micro-operations. */
export function addListEdges(history: ListHistory, graph: GraphBuilder): void {
  const { calls, writers, orders } = history
  const { micros } = calls.columns
  const readers = new Readers(history)
  for (let call = 0; call < calls.count; call += 1) {
    if (calls.outcomes.data[call] === outcome.failed) continue
    const isOk = calls.isOk(call)
    for (let row = calls.rowStarts.data[call]!; row < calls.rowEnds.data[call]!; row += 1) {
      const key = micros.keys.data[row]!
      if (micros.kinds.data[row] === micro.append) {
        const before = elementBefore(orders, micros.values.data[row]!, key)
        const writer = before < 0 ? nobody : writers.committed(before)
        if (writer !== nobody) graph.addEdge(writer, call, kind.ww)
        readers.addOverwrite({ graph, state: readers.stateOf(before, key), call })
      } else {
        const last = lastRead(micros, row, isOk)
        const writer = last < 0 ? nobody : writers.committed(last)
        if (writer !== nobody) graph.addEdge(writer, call, kind.wr)
      }
    }
  }
}

/** Who read each state of a key: as many states as there are elements, and the empty one of each key. */
class Readers {
  readonly #elements: number
  readonly #starts: Int32Array
  readonly #readers: Int32Array
  /** By state: how many appends follow it, and their hub if there are several. */
  readonly #appends: Int32Array
  readonly #hubs = new Map<number, number>()

  constructor({ calls, orders }: ListHistory) {
    const { micros } = calls.columns
    this.#elements = micros.elements.size
    const states = this.#elements + micros.keyTable.size
    this.#starts = new Int32Array(states + 1)
    this.#appends = new Int32Array(states)
    this.#forReads(calls, (state) => {
      this.#starts[state + 1]! += 1
    })
    for (let state = 0; state < states; state += 1) this.#starts[state + 1]! += this.#starts[state]!
    const next = this.#starts.slice(0, states)
    this.#readers = new Int32Array(this.#starts[states]!)
    this.#forReads(calls, (state, call) => {
      this.#readers[next[state]!] = call
      next[state]! += 1
    })
    this.#countAppends(calls, orders)
  }

  stateOf(last: number, key: number): number {
    return last < 0 ? this.#elements + key : last
  }

  /** Adds that those who read a state come before a call that appended to it. */
  addOverwrite({ graph, state, call }: { graph: GraphBuilder; state: number; call: number }): void {
    const from = this.#starts[state]!
    const to = this.#starts[state + 1]!
    if (this.#appends[state]! < 2 || to - from < 2) {
      for (let at = from; at < to; at += 1) graph.addEdge(this.#readers[at]!, call, kind.rw)
      return
    }
    let hub = this.#hubs.get(state)
    if (hub === undefined) {
      hub = graph.addHub()
      this.#hubs.set(state, hub)
      for (let at = from; at < to; at += 1) graph.addEdge(this.#readers[at]!, hub, kind.rw)
    }
    graph.addEdge(hub, call, kind.tail)
  }

  #forReads(calls: Calls, each: (state: number, call: number) => void): void {
    const { micros } = calls.columns
    for (let call = 0; call < calls.count; call += 1) {
      if (calls.outcomes.data[call] === outcome.failed) continue
      const isOk = calls.isOk(call)
      for (let row = calls.rowStarts.data[call]!; row < calls.rowEnds.data[call]!; row += 1) {
        if (micros.kinds.data[row] === micro.append) continue
        const last = lastRead(micros, row, isOk)
        if (last !== unseen) each(this.stateOf(last, micros.keys.data[row]!), call)
      }
    }
  }

  #countAppends(calls: Calls, orders: ListOrders): void {
    const { micros } = calls.columns
    for (let call = 0; call < calls.count; call += 1) {
      if (calls.outcomes.data[call] === outcome.failed) continue
      for (let row = calls.rowStarts.data[call]!; row < calls.rowEnds.data[call]!; row += 1) {
        if (micros.kinds.data[row] !== micro.append) continue
        const key = micros.keys.data[row]!
        this.#appends[this.stateOf(elementBefore(orders, micros.values.data[row]!, key), key)]! += 1
      }
    }
  }
}
