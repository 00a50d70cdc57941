import { micro } from '../../history/microColumns.js'
import type { Value } from '../../history/operation.js'
import { operationText } from '../seen.js'
import { type Calls, outcome } from './calls.js'
import { WorkloadError } from './errors.js'
import { type Evidence, text } from './evidence.js'
import { lastRead, type ListHistory } from './listGraph.js'
import { nobody } from './writers.js'

/** @throws WorkloadError when a transaction is not made of appends and reads of lists. */
export function requireLists(calls: Calls): void {
  const { micros } = calls.columns
  for (let call = 0; call < calls.count; call += 1) {
    for (let row = calls.rowStarts.data[call]!; row < calls.rowEnds.data[call]!; row += 1) {
      const of = micros.kinds.data[row]!
      if (of !== micro.write && of !== micro.readOne) continue
      const operation = operationText(calls.history.operation(calls.invocations.data[call]!))
      const what = of === micro.write ? "a write 'w'" : 'a read of a value that is no list'
      throw new WorkloadError(`list-append has appends and reads of lists only; ${operation} has ${what}`)
    }
  }
}

/** Reads of what was aborted, intermediate or never written, and reads with an element twice. */
export function findBadElements(history: ListHistory, evidence: Evidence): void {
  const { calls } = history
  const suspects = new Suspects(history)
  for (let call = 0; call < calls.count; call += 1) {
    if (calls.outcomes.data[call] === outcome.failed) continue
    for (let row = calls.rowStarts.data[call]!; row < calls.rowEnds.data[call]!; row += 1) {
      if (suspects.mayBeIn(row)) checkElements(history, { call, row }, evidence)
      if (calls.isOk(call)) checkIntermediate(history, { call, row }, evidence)
    }
  }
}

interface ReadAt {
  readonly call: number
  readonly row: number
}

/** For each key the shortest prefix of its spine with anything suspicious in it: few reads are longer. */
class Suspects {
  readonly #history: ListHistory
  readonly #firstPlaces: Int32Array

  constructor(history: ListHistory) {
    this.#history = history
    const { micros } = history.calls.columns
    const { of } = history.writers
    const seenBy = new Int32Array(micros.elements.size).fill(-1)
    this.#firstPlaces = new Int32Array(micros.keyTable.size)
    for (let key = 0; key < micros.keyTable.size; key += 1) {
      const length = micros.spineLength(key)
      let place = 0
      for (; place < length; place += 1) {
        const element = micros.spineElement(key, place)
        if (of[element] === nobody || history.writers.isFailed(of[element]!) || seenBy[element] === key) break
        seenBy[element] = key
      }
      this.#firstPlaces[key] = place
    }
  }

  mayBeIn(row: number): boolean {
    const { micros } = this.#history.calls.columns
    const of = micros.kinds.data[row]
    if (of === micro.readList) return true
    return of === micro.readPrefix && micros.values.data[row]! > this.#firstPlaces[micros.keys.data[row]!]!
  }
}

function checkElements({ calls, writers }: ListHistory, { call, row }: ReadAt, evidence: Evidence): void {
  const { micros } = calls.columns
  const key = micros.keyOf(micros.keys.data[row]!)
  const counts = new Map<number, number>()
  for (const element of micros.elementsRead(row)) counts.set(element, (counts.get(element) ?? 0) + 1)
  for (const [element, count] of counts) {
    const value = micros.valueOfElement(element)
    const writer = writers.of[element]!
    const about = (sentence: string) => ({ sentence, key, values: [value] })
    const read = `T1 read ${text(value)} in key ${text(key)}`
    if (count > 1)
      evidence.add('duplicate-elements', [call], about(`${read} ${count} times; it was appended once.`))
    if (!calls.isOk(call)) continue
    if (writer === nobody) evidence.add('garbage-read', [call], about(`${read}, which nobody appended.`))
    else if (writers.isFailed(writer)) {
      evidence.add('G1a', [call, writer], about(`${read}, which T2 appended; but T2 failed.`))
    }
  }
}

function checkIntermediate({ calls, writers }: ListHistory, { call, row }: ReadAt, evidence: Evidence): void {
  const { micros } = calls.columns
  if (micros.kinds.data[row] === micro.append) return
  const last = lastRead(micros, row, true)
  if (last < 0 || writers.isIntermediate[last] === 0) return
  const writer = writers.of[last]!
  if (writer === call) return
  const key = micros.keyOf(micros.keys.data[row]!)
  const value = micros.valueOfElement(last)
  const sentence = `T1 read key ${text(key)} up to ${text(value)}, which T2 appended before it appended more to that key.`
  evidence.add('G1b', [call, writer], { sentence, key, values: [value] })
}

/** Keys of which two reads contradict each other: neither is the beginning of the other. */
export function findIncompatibleOrders({ calls, orders }: ListHistory, evidence: Evidence): void {
  const { micros } = calls.columns
  const contradicted = [...orders.contradiction.keys()].filter((key) => orders.contradiction[key]! >= 0)
  if (contradicted.length === 0) return
  const readers = firstReaders(calls, new Set(contradicted))
  for (const key of contradicted) {
    const list = micros.elementsOfList(orders.contradiction[key]!)
    const place = list.findIndex(
      (element, i) => i >= micros.spineLength(key) || element !== micros.spineElement(key, i),
    )
    const { own, longer } = readers.get(key)!
    const other = longer.find(({ length }) => length > place) ?? longer.at(-1)
    const values: Value[] = [list.map((element) => micros.valueOfElement(element))]
    if (other !== undefined) {
      values.push(
        Array.from({ length: other.length }, (_, i) => micros.valueOfElement(micros.spineElement(key, i))),
      )
    }
    const name = text(micros.keyOf(key))
    const sentence = `T1 and T2 read key ${name} as ${values.map(text).join(' and ')}: neither is the beginning of the other.`
    evidence.add('incompatible-order', other === undefined ? [own] : [own, other.call], {
      sentence,
      key: micros.keyOf(key),
      values,
    })
  }
}

interface KeyReaders {
  own: number
  /** Of prefixes of the spine, the first call that read each length that was longer than those before. */
  longer: { readonly length: number; readonly call: number }[]
}

function firstReaders(calls: Calls, keys: ReadonlySet<number>): Map<number, KeyReaders> {
  const { micros } = calls.columns
  const readers = new Map([...keys].map((key): [number, KeyReaders] => [key, { own: -1, longer: [] }]))
  for (let call = 0; call < calls.count; call += 1) {
    if (calls.outcomes.data[call] === outcome.failed) continue
    for (let row = calls.rowStarts.data[call]!; row < calls.rowEnds.data[call]!; row += 1) {
      const found = readers.get(micros.keys.data[row]!)
      if (found === undefined) continue
      const length = micros.values.data[row]!
      if (micros.kinds.data[row] === micro.readList && found.own < 0) found.own = call
      if (micros.kinds.data[row] === micro.readPrefix && length > (found.longer.at(-1)?.length ?? 0)) {
        found.longer.push({ length, call })
      }
    }
  }
  return readers
}

/** A committed append on top of an aborted one, with at most unknown ones between. */
export function findDirtyUpdates({ calls, orders, writers }: ListHistory, evidence: Evidence): void {
  const { micros } = calls.columns
  for (const key of keysWithFailedAppends({ calls, orders, writers })) {
    let failed = nobody
    for (const element of orders.elements(key)) {
      const writer = writers.of[element]!
      if (writer === nobody) continue
      if (writers.isFailed(writer)) {
        if (failed === nobody) failed = writer
      } else if (calls.isOk(writer)) {
        if (failed !== nobody) {
          const name = text(micros.keyOf(key))
          const sentence = `T1 failed, but T2 committed an append to key ${name} on top of what T1 appended.`
          evidence.add('dirty-update', [failed, writer], { sentence, key: micros.keyOf(key) })
        }
        failed = nobody
      }
    }
  }
}

function keysWithFailedAppends({ calls, orders, writers }: ListHistory): Set<number> {
  const { elements } = calls.columns.micros
  const keys = new Set<number>()
  for (let element = 0; element < elements.size; element += 1) {
    const writer = writers.of[element]!
    if (writer === nobody || !writers.isFailed(writer)) continue
    if (orders.previous[element]! >= -1) keys.add(elements.firsts.data[element]!)
  }
  return keys
}
