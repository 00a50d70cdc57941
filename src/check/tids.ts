import { type History, typeInvoke, typeOk } from '../history/history.js'
import { micro } from '../history/microColumns.js'
import type { Value } from '../history/operation.js'
import type { CheckOptions } from './options.js'
import { countCalls } from './seen.js'
import { Calls, outcome } from './transactions/calls.js'
import { WorkloadError } from './transactions/errors.js'
import { bySeverity, Evidence, text } from './transactions/evidence.js'
import { callsByPosition } from './transactions/orders.js'
import type { Verdict } from './verdict.js'

/**
 * Checks a run against the order that the store itself claims, the `tid` of each transaction that ended with
 * `ok`, with no inference: in that order, each read must show exactly what was written before it, and a
 * transaction that ended before another began must come before it. `read-against-tids` and
 * `tid-against-realtime` are its anomalies. Time: that of sorting the transactions.
 *
 * A write whose call has an unknown outcome has no tid. It may be seen or not.
 *
 * @throws WorkloadError when an `ok` has no tid.
 */
export function checkTids(history: History, options: CheckOptions = {}): Verdict {
  const started = performance.now()
  const calls = new Calls(history)
  const evidence = new Evidence(calls)
  options.onProgress?.({ phase: 'replay' })
  const ordered = inOrder(calls)
  replay(calls, ordered, evidence)
  checkTime(calls, evidence)
  const types = new Set(evidence.types())
  return {
    ...(history.file === undefined ? {} : { file: history.file }),
    workload: 'tids',
    models: ['strict-serializable'],
    valid: types.size === 0,
    anomalies: bySeverity(evidence.anomalies(types)),
    occurrences: bySeverity(evidence.occurrences(types)),
    not: [],
    alsoNot: [],
    counts: countCalls(history),
    stats: { transactions: ordered.length },
    notes: ['The order of the tids was checked; another order may explain what this one does not.'],
    seconds: (performance.now() - started) / 1000,
  }
}

function tidOf(calls: Calls, call: number): bigint {
  return calls.columns.tids[calls.completions.data[call]!]!
}

/** A reader sees what has smaller tids than its own, so it comes before a writer with the same. */
function inOrder(calls: Calls): number[] {
  const { micros } = calls.columns
  const ordered: number[] = []
  const isWriting = new Uint8Array(calls.count)
  for (let call = 0; call < calls.count; call += 1) {
    if (!calls.isOk(call)) continue
    if (calls.columns.tids[calls.completions.data[call]!] === undefined) {
      const { index } = calls.history.operation(calls.completions.data[call]!)
      throw new WorkloadError(
        `operation ${index} is 'ok' and has no tid, so its place in the order is unknown`,
      )
    }
    ordered.push(call)
    for (let row = calls.rowStarts.data[call]!; row < calls.rowEnds.data[call]!; row += 1) {
      const of = micros.kinds.data[row]
      if (of === micro.append || of === micro.write) isWriting[call] = 1
    }
  }
  return ordered.sort((a, b) => {
    const [first, second] = [tidOf(calls, a), tidOf(calls, b)]
    return first < second ? -1 : first > second ? 1 : isWriting[a]! - isWriting[b]!
  })
}

function replay(calls: Calls, ordered: readonly number[], evidence: Evidence): void {
  const { micros } = calls.columns
  const uncertain = uncertainElements(calls)
  const states = new Map<number, number[]>()
  for (const call of ordered) {
    for (let row = calls.rowStarts.data[call]!; row < calls.rowEnds.data[call]!; row += 1) {
      const of = micros.kinds.data[row]
      const key = micros.keys.data[row]!
      const state = states.get(key) ?? []
      if (of === micro.append) {
        state.push(micros.values.data[row]!)
        states.set(key, state)
      } else if (of === micro.write) states.set(key, [micros.values.data[row]!])
      else {
        const read = micros.elementsRead(row).filter((element) => !uncertain.has(element))
        const isUnknown = of === micro.readOne && read.length === 0
        const isRight = read.length === state.length && read.every((element, i) => element === state[i])
        if (!isUnknown && !isRight) addWrongRead(calls, { call, row, state }, evidence)
      }
    }
  }
}

function addWrongRead(
  calls: Calls,
  { call, row, state }: { call: number; row: number; state: readonly number[] },
  evidence: Evidence,
): void {
  const { micros } = calls.columns
  const key = micros.keyOf(micros.keys.data[row]!)
  const value = (elements: readonly number[]): Value =>
    elements.map((element) => micros.valueOfElement(element))
  const read = micros.elementsRead(row)
  const sentence = `T1 (tid ${tidOf(calls, call)}) read ${text(value(read))} in key ${text(key)}; in the order of tids it had to be ${text(value(state))}.`
  evidence.add('read-against-tids', [call], { sentence, key, values: [value(read), value(state)] })
}

/** What calls with unknown outcome wrote. */
function uncertainElements(calls: Calls): Set<number> {
  const { micros } = calls.columns
  const elements = new Set<number>()
  for (let call = 0; call < calls.count; call += 1) {
    if (calls.outcomes.data[call] !== outcome.unknown) continue
    for (let row = calls.rowStarts.data[call]!; row < calls.rowEnds.data[call]!; row += 1) {
      const of = micros.kinds.data[row]
      if (of === micro.append || of === micro.write) elements.add(micros.values.data[row]!)
    }
  }
  return elements
}

function checkTime(calls: Calls, evidence: Evidence): void {
  const { types } = calls.columns
  let latest = -1
  /** By call: the one with the largest tid of those that ended before it began. */
  const before = new Int32Array(calls.count).fill(-1)
  callsByPosition(calls).forEach((call, position) => {
    if (call < 0 || !calls.isOk(call)) return
    if (types.data[position] === typeInvoke) before[call] = latest
    else if (types.data[position] === typeOk) {
      if (latest < 0 || tidOf(calls, call) > tidOf(calls, latest)) latest = call
      const earlier = before[call]!
      if (earlier < 0 || tidOf(calls, earlier) <= tidOf(calls, call)) return
      const sentence = `T1 ended before T2 began, but its tid ${tidOf(calls, earlier)} is larger than T2's ${tidOf(calls, call)}.`
      evidence.add('tid-against-realtime', [earlier, call], { sentence })
    }
  })
}
