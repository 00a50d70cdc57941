import { micro } from '../../history/microColumns.js'
import { PairTable } from '../../history/pairTable.js'
import type { Calls } from './calls.js'
import { type Evidence, text } from './evidence.js'

/**
 * Transactions that read the same version of a key first, and then wrote the key: all but one of these
 * updates is lost, in whatever order they came. Linear, and needs no order of versions.
 */
export function findLostUpdates(calls: Calls, evidence: Evidence): void {
  const groups = new PairTable()
  const firsts: number[] = []
  const members = new Map<number, number[]>()
  forUpdates(calls, (call, key, version) => {
    const group = groups.add(key, version)
    if (group === firsts.length) {
      firsts.push(call)
      return
    }
    const others = members.get(group) ?? [firsts[group]!]
    others.push(call)
    members.set(group, others)
  })
  const { micros } = calls.columns
  for (const [group, group_calls] of members) {
    const key = micros.keyOf(groups.firsts.data[group]!)
    const names = group_calls.map((_, i) => `T${i + 1}`).join(', ')
    const sentence = `${names} all read the same version of key ${text(key)} and then wrote it: at most one of these writes can rest on what it read.`
    evidence.add('lost-update', group_calls, { sentence, key })
  }
}

type EachUpdate = (call: number, key: number, version: number) => void

function forUpdates(calls: Calls, each: EachUpdate): void {
  const { micros } = calls.columns
  const readBy = new Int32Array(micros.keyTable.size).fill(-1)
  const versions = new Float64Array(micros.keyTable.size)
  const countedBy = new Int32Array(micros.keyTable.size).fill(-1)
  for (let call = 0; call < calls.count; call += 1) {
    if (!calls.isOk(call)) continue
    for (let row = calls.rowStarts.data[call]!; row < calls.rowEnds.data[call]!; row += 1) {
      const key = micros.keys.data[row]!
      const of = micros.kinds.data[row]!
      if (of !== micro.append && of !== micro.write) {
        if (readBy[key] === call) continue
        readBy[key] = call
        versions[key] = versionOf(of, micros.values.data[row]!)
      } else if (readBy[key] === call && countedBy[key] !== call) {
        countedBy[key] = call
        each(call, key, versions[key]!)
      }
    }
  }
}

/** Equal for equal versions of a key: what was read last decides, or the length of a prefix of its spine. */
function versionOf(of: number, value: number): number {
  if (of === micro.readNil || (of === micro.readPrefix && value === 0)) return -1
  // Lists that are no prefixes have numbers of their own.
  return of === micro.readList ? value + 0.5 : value
}
