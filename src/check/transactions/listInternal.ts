import { micro } from '../../history/microColumns.js'
import type { Calls } from './calls.js'
import { type Evidence, text } from './evidence.js'

/**
 * Transactions whose reads contradict their own earlier reads and appends (`internal`; axiom INT of Cerone et
 * al.), and those that read what they appended only later (`future-read`).
 */
export function findInternal(calls: Calls, evidence: Evidence): void {
  forRepeated(calls, (call) => {
    checkReads(calls, call, evidence)
    checkFuture(calls, call, evidence)
  })
}

/** Committed transactions that touch a key twice: only they can contradict themselves. */
export function forRepeated(calls: Calls, each: (call: number) => void): void {
  const { micros } = calls.columns
  const touchedBy = new Int32Array(micros.keyTable.size).fill(-1)
  for (let call = 0; call < calls.count; call += 1) {
    if (!calls.isOk(call)) continue
    let isRepeated = false
    for (let row = calls.rowStarts.data[call]!; row < calls.rowEnds.data[call]!; row += 1) {
      const key = micros.keys.data[row]!
      if (touchedBy[key] === call) isRepeated = true
      touchedBy[key] = call
    }
    if (isRepeated) each(call)
  }
}

/** What a transaction has to see of a key: all of it, or, as far as it knows, the end of it. */
interface Expected {
  isWhole: boolean
  elements: number[]
}

function checkReads(calls: Calls, call: number, evidence: Evidence): void {
  const { micros } = calls.columns
  const states = new Map<number, Expected>()
  for (let row = calls.rowStarts.data[call]!; row < calls.rowEnds.data[call]!; row += 1) {
    const key = micros.keys.data[row]!
    const state = states.get(key)
    if (micros.kinds.data[row] === micro.append) {
      const element = micros.values.data[row]!
      if (state === undefined) states.set(key, { isWhole: false, elements: [element] })
      else state.elements.push(element)
      continue
    }
    const read = micros.elementsRead(row)
    if (state !== undefined && !isExpected(state, read)) {
      const values = [read, state.elements].map((list) =>
        list.map((element) => micros.valueOfElement(element)),
      )
      const name = text(micros.keyOf(key))
      const rest = state.isWhole ? text(values[1]!) : `a list that ends in ${text(values[1]!)}`
      const sentence = `T1 read key ${name} as ${text(values[0]!)}; after its own earlier reads and appends it had to be ${rest}.`
      evidence.add('internal', [call], { sentence, key: micros.keyOf(key), values })
      return
    }
    states.set(key, { isWhole: true, elements: read })
  }
}

function isExpected({ isWhole, elements }: Expected, read: readonly number[]): boolean {
  const skipped = read.length - elements.length
  if (isWhole ? skipped !== 0 : skipped < 0) return false
  return elements.every((element, i) => read[skipped + i] === element)
}

function checkFuture(calls: Calls, call: number, evidence: Evidence): void {
  const { micros } = calls.columns
  const read = new Set<number>()
  for (let row = calls.rowStarts.data[call]!; row < calls.rowEnds.data[call]!; row += 1) {
    if (micros.kinds.data[row] !== micro.append) {
      for (const element of micros.elementsRead(row)) read.add(element)
    } else if (read.has(micros.values.data[row]!)) {
      const key = micros.keyOf(micros.keys.data[row]!)
      const value = micros.valueOfElement(micros.values.data[row]!)
      const sentence = `T1 read ${text(value)} in key ${text(key)} before it appended it.`
      evidence.add('future-read', [call], { sentence, key, values: [value] })
      return
    }
  }
}
