import { operationText } from '../seen.js'
import type { Calls } from './calls.js'
import { WorkloadError } from './errors.js'
import { text } from './evidence.js'
import { type Externals, none } from './externals.js'
import { type GraphBuilder, kind } from './graph.js'
import type { Versions } from './versions.js'
import { nobody, type Writers } from './writers.js'

/** What the graph of transactions on registers is made from. */
export interface RegisterHistory {
  readonly calls: Calls
  readonly externals: Externals
  readonly writers: ExternalWriters
  readonly versions: Versions
}

/** Adds the edges that versions read, and what is known of their order, show. */
export function addRegisterEdges(history: RegisterHistory, graph: GraphBuilder): void {
  const { calls, externals, writers, versions } = history
  for (let call = 0; call < calls.count; call += 1) {
    for (let row = externals.starts.data[call]!; row < externals.starts.data[call + 1]!; row += 1) {
      const writer = writers.writerOf(externals.reads.data[row]!)
      if (writer === call) graph.addOwnFutureRead(call)
      else if (writer !== nobody) graph.addEdge(writer, call, kind.wr)
    }
  }
  const readers = new VersionReaders(history)
  for (let i = 0; i < versions.pairs.size; i += 1) {
    const before = versions.pairs.firsts.data[i]!
    const after = versions.pairs.seconds.data[i]!
    const writer = after < versions.elements ? writers.writerOf(after) : nobody
    if (writer === nobody) continue
    const earlier = before < versions.elements ? writers.writerOf(before) : nobody
    if (earlier !== nobody) graph.addEdge(earlier, writer, kind.ww)
    readers.addOverwrite(graph, before, writer)
  }
}

/** Who wrote a version to the outside, if it is known to have happened. */
export class ExternalWriters {
  readonly #of: Int32Array
  readonly #several = new Set<number>()

  /** @throws WorkloadError when a value was read that several transactions wrote. */
  constructor(externals: Externals, writers: Writers) {
    const { calls, starts, writes } = externals
    this.#of = new Int32Array(calls.columns.micros.elements.size).fill(nobody)
    const happened = observedCalls(externals, writers)
    for (let call = 0; call < calls.count; call += 1) {
      if (happened[call] === 0) continue
      for (let row = starts.data[call]!; row < starts.data[call + 1]!; row += 1) {
        const version = writes.data[row]!
        if (version < 0) continue
        if (this.#of[version] !== nobody) this.#several.add(version)
        this.#of[version] = call
      }
    }
    if (this.#several.size > 0) this.#requireOneWriter(externals)
  }

  /** Who reads what several wrote cannot tell which of them it read. */
  #requireOneWriter({ calls, keys, reads }: Externals): void {
    const { micros } = calls.columns
    for (let row = 0; row < keys.length; row += 1) {
      const version = reads.data[row]!
      if (!this.#several.has(version)) continue
      const value = text(micros.valueOfElement(version))
      const operation = operationText(calls.history.operation(calls.invocations.data[this.#of[version]!]!))
      throw new WorkloadError(
        `value ${value} is read in key ${text(micros.keyOf(keys.data[row]!))}, and several transactions wrote it, ` +
          `${operation} among them; each write to a key needs a value of its own`,
      )
    }
  }

  writerOf(version: number): number {
    return version < 0 ? nobody : this.#of[version]!
  }
}

/** Calls that ended with `ok`, and those with unknown outcome of which a write was read. */
function observedCalls({ calls, starts, reads }: Externals, writers: Writers): Uint8Array {
  const happened = new Uint8Array(calls.count)
  for (let call = 0; call < calls.count; call += 1) {
    if (!calls.isOk(call)) continue
    happened[call] = 1
    for (let row = starts.data[call]!; row < starts.data[call + 1]!; row += 1) {
      const version = reads.data[row]!
      const writer = version < 0 ? nobody : writers.committed(version)
      if (writer !== nobody) happened[writer] = 1
    }
  }
  return happened
}

class VersionReaders {
  readonly #starts: Int32Array
  readonly #readers: Int32Array
  readonly #overwrites: Int32Array
  readonly #hubs = new Map<number, number>()

  constructor({ calls, externals, versions }: RegisterHistory) {
    const nodes = versions.elements + calls.columns.micros.keyTable.size
    this.#starts = new Int32Array(nodes + 1)
    const { keys, reads } = externals
    const nodeOf = (row: number) => versions.node(reads.data[row]!, keys.data[row]!)
    for (let row = 0; row < keys.length; row += 1) {
      if (reads.data[row] !== none) this.#starts[nodeOf(row) + 1]! += 1
    }
    for (let node = 0; node < nodes; node += 1) this.#starts[node + 1]! += this.#starts[node]!
    const next = this.#starts.slice(0, nodes)
    this.#readers = new Int32Array(this.#starts[nodes]!)
    for (let call = 0; call < calls.count; call += 1) {
      for (let row = externals.starts.data[call]!; row < externals.starts.data[call + 1]!; row += 1) {
        if (reads.data[row] === none) continue
        this.#readers[next[nodeOf(row)]!] = call
        next[nodeOf(row)]! += 1
      }
    }
    this.#overwrites = new Int32Array(nodes)
    for (let i = 0; i < versions.pairs.size; i += 1) this.#overwrites[versions.pairs.firsts.data[i]!]! += 1
  }

  /** Adds that those who read a version come before a call that wrote a later one. */
  addOverwrite(graph: GraphBuilder, node: number, writer: number): void {
    const from = this.#starts[node]!
    const to = this.#starts[node + 1]!
    if (this.#overwrites[node]! < 2 || to - from < 2) {
      for (let at = from; at < to; at += 1) graph.addEdge(this.#readers[at]!, writer, kind.rw)
      return
    }
    let hub = this.#hubs.get(node)
    if (hub === undefined) {
      hub = graph.addHub()
      this.#hubs.set(node, hub)
      for (let at = from; at < to; at += 1) graph.addEdge(this.#readers[at]!, hub, kind.rw)
    }
    graph.addEdge(hub, writer, kind.tail)
  }
}
