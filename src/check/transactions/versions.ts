import { IntColumn } from '../../history/column.js'
import { PairTable } from '../../history/pairTable.js'
import { callsByPosition, forProcessSteps } from './orders.js'
import { typeInvoke, typeOk } from '../../history/history.js'
import { components } from './components.js'
import { type Externals, nil, none } from './externals.js'
import { graphOf, kindBits } from './graph.js'
import { outcome } from './calls.js'

export interface RegisterAssumptions {
  /** Within a transaction, a write of a key follows what was read of it. */
  readonly wfrKeys?: boolean
  /** Each process sees the versions of a key in their order. */
  readonly sequentialKeys?: boolean
  /** The versions of a key follow the order of time. */
  readonly linearizableKeys?: boolean
}

export const versionSources = ['initial-state', 'wfr-keys', 'sequential-keys', 'linearizable-keys'] as const
export type VersionSource = (typeof versionSources)[number]

/** Versions of one key each of which would have to come before itself. */
export interface VersionCycle {
  readonly key: number
  /** Nodes of `Versions`. */
  readonly versions: readonly number[]
  readonly source: VersionSource
}

/**
 * What is known of the order of each key's versions: pairs of nodes, where a node below `elements` is that
 * element, and those from there on are the initial versions of the keys.
 */
export class Versions {
  readonly pairs: PairTable = new PairTable()
  /** By pair: which source gave it first, as an index of `versionSources`. */
  readonly sources: IntColumn = new IntColumn()
  readonly cycles: VersionCycle[] = []
  readonly elements: number
  readonly #externals: Externals

  constructor(externals: Externals, assumptions: RegisterAssumptions) {
    this.#externals = externals
    const { micros } = externals.calls.columns
    this.elements = micros.elements.size
    this.#use('initial-state', () => this.#addInitial())
    if (assumptions.wfrKeys === true) this.#use('wfr-keys', () => this.#addWithin())
    if (assumptions.sequentialKeys === true) this.#use('sequential-keys', () => this.#addByProcess())
    if (assumptions.linearizableKeys === true) this.#use('linearizable-keys', () => this.#addByTime())
  }

  node(version: number, key: number): number {
    return version === nil ? this.elements + key : version
  }

  /** Takes what a source says, unless that contradicts itself and what was taken before. */
  #use(source: VersionSource, add: () => void): void {
    const before = this.pairs.size
    add()
    while (this.sources.length < this.pairs.size) this.sources.push(versionSources.indexOf(source))
    const found = this.#components()
    if (found.length === 0) return
    for (const members of found) {
      const versions = [...members]
      this.cycles.push({ key: this.#keyOf(versions[0]!), versions, source })
    }
    this.pairs.truncate(before)
    this.sources.length = before
  }

  #components(): Int32Array[] {
    const { micros } = this.#externals.calls.columns
    const nodes = this.elements + micros.keyTable.size
    const to = new IntColumn(this.pairs.size + 1)
    for (let i = 0; i < this.pairs.size; i += 1) to.push(this.pairs.seconds.data[i]! << kindBits)
    return components(graphOf(nodes, nodes, this.pairs.firsts, to))
  }

  #keyOf(node: number): number {
    const { elements } = this.#externals.calls.columns.micros
    return node < this.elements ? elements.firsts.data[node]! : node - this.elements
  }

  #add(key: number, before: number, after: number): void {
    if (before !== after) this.pairs.add(this.node(before, key), this.node(after, key))
  }

  #addInitial(): void {
    const { keys, reads, writes } = this.#externals
    for (let row = 0; row < keys.length; row += 1) {
      for (const version of [reads.data[row]!, writes.data[row]!]) {
        if (version !== none) this.#add(keys.data[row]!, nil, version)
      }
    }
  }

  #addWithin(): void {
    const { keys, reads, writes } = this.#externals
    for (let row = 0; row < keys.length; row += 1) {
      if (reads.data[row]! >= 0 && writes.data[row] !== none) {
        this.pairs.add(reads.data[row]!, writes.data[row]!)
      }
    }
  }

  #addByProcess(): void {
    const { calls, starts, keys } = this.#externals
    const { processes } = calls.columns
    const lasts = new PairTable()
    const versions = new IntColumn()
    const touch = (call: number): void => {
      const process = processes.data[calls.invocations.data[call]!]!
      for (let row = starts.data[call]!; row < starts.data[call + 1]!; row += 1) {
        const key = keys.data[row]!
        const last = lasts.add(process, key)
        if (last < versions.length) this.#add(key, versions.data[last]!, this.#first(row))
        else versions.push(none)
        versions.data[last] = this.#final(row)
      }
    }
    const isFirst = new Uint8Array(calls.columns.processNames.length).fill(1)
    forProcessSteps(calls, (before, after) => {
      const process = processes.data[calls.invocations.data[before]!]!
      if (isFirst[process] === 1) touch(before)
      isFirst[process] = 0
      touch(after)
    })
  }

  /** Of each key, the transactions that ended last before another that touches it began. */
  #addByTime(): void {
    const { calls, starts, keys } = this.#externals
    const { types } = calls.columns
    const ended = new Map<number, { call: number; version: number }[]>()
    callsByPosition(calls).forEach((call, position) => {
      if (call < 0 || calls.outcomes.data[call] === outcome.failed) return
      const isBeginning = types.data[position] === typeInvoke
      if (!isBeginning && types.data[position] !== typeOk) return
      for (let row = starts.data[call]!; row < starts.data[call + 1]!; row += 1) {
        const key = keys.data[row]!
        const before = ended.get(key) ?? []
        if (isBeginning) for (const { version } of before) this.#add(key, version, this.#first(row))
        else {
          const began = calls.invocations.data[call]!
          const rest = before.filter((other) => calls.completions.data[other.call]! > began)
          rest.push({ call, version: this.#final(row) })
          ended.set(key, rest)
        }
      }
    })
  }

  /** The first version of the key that a transaction met: what it read, or wrote without knowing another. */
  #first(row: number): number {
    const { reads, writes } = this.#externals
    if (reads.data[row]! >= 0) return reads.data[row]!
    return writes.data[row]! >= 0 ? writes.data[row]! : nil
  }

  #final(row: number): number {
    const { reads, writes } = this.#externals
    return writes.data[row] === none ? reads.data[row]! : writes.data[row]!
  }
}
