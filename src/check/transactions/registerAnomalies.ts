import { micro } from '../../history/microColumns.js'
import type { Value } from '../../history/operation.js'
import type { Calls } from './calls.js'
import { type Evidence, text } from './evidence.js'
import { type Externals, nil } from './externals.js'
import { forRepeated } from './listInternal.js'
import type { RegisterHistory } from './registerGraph.js'
import { versionSources } from './versions.js'
import { nobody, type Writers } from './writers.js'

/** Reads of what was aborted, intermediate or never written. */
export function findBadVersions(externals: Externals, writers: Writers, evidence: Evidence): void {
  const { calls } = externals
  const { micros } = calls.columns
  for (let call = 0; call < calls.count; call += 1) {
    if (!calls.isOk(call)) continue
    for (let row = calls.rowStarts.data[call]!; row < calls.rowEnds.data[call]!; row += 1) {
      if (micros.kinds.data[row] === micro.write) continue
      const version = externals.version(row)
      if (version < 0) continue
      const writer = writers.of[version]!
      if (writer === call) continue
      const key = micros.keyOf(micros.keys.data[row]!)
      const value = micros.valueOfElement(version)
      const read = `T1 read key ${text(key)} = ${text(value)}`
      const about = (rest: string) => ({ sentence: `${read}${rest}`, key, values: [value] })
      if (writer === nobody) evidence.add('garbage-read', [call], about(', which nobody wrote.'))
      else if (writers.isFailed(writer)) {
        evidence.add('G1a', [call, writer], about(', which T2 wrote; but T2 failed.'))
      }
      if (writer !== nobody && writers.isIntermediate[version] === 1) {
        evidence.add('G1b', [call, writer], about(', which T2 wrote before it wrote that key again.'))
      }
    }
  }
}

/** Transactions whose reads contradict their own reads and writes. */
export function findInternalRegisters(externals: Externals, evidence: Evidence): void {
  forRepeated(externals.calls, (call) => checkRepeated(externals, call, evidence))
}

function checkRepeated(externals: Externals, call: number, evidence: Evidence): void {
  const { calls } = externals
  const { micros } = calls.columns
  const states = new Map<number, number>()
  const readFirst = new Set<number>()
  const about = (row: number, sentence: string) => ({ sentence, key: micros.keyOf(micros.keys.data[row]!) })
  for (let row = calls.rowStarts.data[call]!; row < calls.rowEnds.data[call]!; row += 1) {
    const key = micros.keys.data[row]!
    const version = externals.version(row)
    const expected = states.get(key)
    const name = text(micros.keyOf(key))
    const shown = text(valueOf(calls, version))
    if (micros.kinds.data[row] === micro.write) {
      if (readFirst.has(version)) {
        evidence.add(
          'internal',
          [call],
          about(row, `T1 read key ${name} = ${shown} before it wrote that itself.`),
        )
        return
      }
    } else {
      // As in Elle, who has read nothing of a key may read something of it next.
      if (expected !== undefined && expected !== nil && expected !== version) {
        const had = text(valueOf(calls, expected))
        const sentence = `T1 read key ${name} = ${shown}; after its own earlier reads and writes it had to be ${had}.`
        evidence.add('internal', [call], about(row, sentence))
        return
      }
      if (version >= 0 && expected !== version) readFirst.add(version)
    }
    states.set(key, version)
  }
}

export function valueOf(calls: Calls, version: number): Value {
  return version < 0 ? null : calls.columns.micros.valueOfElement(version)
}

export function findVersionCycles({ calls, versions }: RegisterHistory, evidence: Evidence): void {
  for (const { key, versions: nodes, source } of versions.cycles) {
    const values = nodes.map((node) => valueOf(calls, node < versions.elements ? node : nil))
    const name = calls.columns.micros.keyOf(key)
    const used = versionSources.slice(0, versionSources.indexOf(source) + 1).join(', ')
    const sentence = `By ${used}, the versions ${values.map(text).join(', ')} of key ${text(name)} would each have to come before themselves.`
    evidence.add('cyclic-versions', [], { sentence, key: name, values })
  }
}
