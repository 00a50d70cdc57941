import type { ScanRange } from './engineKit.js'

/** What a transaction did, in its order, and what it was told. */
export type Event =
  | readonly ['get', key: string, found: string | undefined]
  | readonly ['put', key: string, value: string]
  | readonly ['delete', key: string]
  | readonly ['insert', key: string, value: string, isInserted: boolean]
  | readonly ['scan', range: ScanRange, found: readonly (readonly [string, string])[]]

/** A transaction that committed. */
export interface Committed {
  readonly name: string
  /** Its place in the serial order. */
  readonly stamp: bigint
  /** A count of all begins and ends, as it was before it began, and after it was acknowledged. */
  readonly from: number
  readonly to: number
  readonly events: readonly Event[]
}

/**
 * Whether the transactions are what a single thread with a `Map` gives when it runs them in the order of
 * their stamps (serializability), and whether that order keeps to real time (strictness). The answer is what
 * is wrong.
 */
export function checkHistory(
  history: readonly Committed[],
  initial: ReadonlyMap<string, string> = new Map(),
): string[] {
  const ordered = [...history].sort((a, b) => (a.stamp < b.stamp ? -1 : a.stamp > b.stamp ? 1 : 0))
  const model = new Map(initial)
  const problems: string[] = []
  for (const [i, transaction] of ordered.entries()) {
    if (i > 0 && ordered[i - 1]!.stamp === transaction.stamp)
      problems.push(`${ordered[i - 1]!.name} and ${transaction.name} have one stamp`)
    for (const event of transaction.events) {
      const problem = replay(model, event)
      if (problem !== undefined) problems.push(`${transaction.name} at ${transaction.stamp}: ${problem}`)
    }
  }
  return [...problems, ...realTimeProblems(ordered)]
}

/** The state that the history leads to. */
export function finalState(
  history: readonly Committed[],
  initial: ReadonlyMap<string, string> = new Map(),
): [string, string][] {
  const model = new Map(initial)
  const ordered = [...history].sort((a, b) => (a.stamp < b.stamp ? -1 : 1))
  for (const { events } of ordered) for (const event of events) replay(model, event)
  return scanModel(model, {})
}

export function scanModel(model: ReadonlyMap<string, string>, range: ScanRange): [string, string][] {
  const { gt, gte, lt, lte, reverse, limit } = range
  const keys: string[] = []
  for (const key of model.keys()) {
    if (gt !== undefined && key <= gt) continue
    if (gte !== undefined && key < gte) continue
    if (lt !== undefined && key >= lt) continue
    if (lte !== undefined && key > lte) continue
    keys.push(key)
  }
  keys.sort()
  if (reverse === true) keys.reverse()
  return keys.slice(0, limit).map((key) => [key, model.get(key)!])
}

/** Does to the model what the transaction did; says so if the model answers otherwise. */
function replay(model: Map<string, string>, event: Event): string | undefined {
  switch (event[0]) {
    case 'get':
      return unlessSame(`read ${event[1]} as`, event[2], model.get(event[1]))
    case 'put':
      model.set(event[1], event[2])
      return undefined
    case 'delete':
      model.delete(event[1])
      return undefined
    case 'insert': {
      const isAbsent = !model.has(event[1])
      if (isAbsent) model.set(event[1], event[2])
      return unlessSame(`inserted ${event[1]}:`, event[3], isAbsent)
    }
    case 'scan':
      return unlessSame(`scanned ${JSON.stringify(event[1])} as`, event[2], scanModel(model, event[1]))
    default:
      throw new Error('unknown event')
  }
}

function unlessSame(what: string, found: unknown, expected: unknown): string | undefined {
  if (found === expected) return undefined
  const [told, real] = [JSON.stringify(found), JSON.stringify(expected)]
  return told === real ? undefined : `${what} ${told}, but it is ${real}`
}

/** Nobody may come before a transaction that had ended when it began. */
function realTimeProblems(ordered: readonly Committed[]): string[] {
  const problems: string[] = []
  let earliest: Committed | undefined
  for (const transaction of ordered.toReversed()) {
    if (earliest !== undefined && earliest.to < transaction.from)
      problems.push(`${transaction.name} began after ${earliest.name} had ended, but comes before it`)
    if (earliest === undefined || transaction.to < earliest.to) earliest = transaction
  }
  return problems
}
