import type { Value } from '../../history/operation.js'
import { valueText } from '../../history/valueText.js'
import { compareSeverity } from '../anomalyTypes.js'
import { seenCall } from '../seen.js'
import type { Anomaly, EvidenceAnomaly, Occurrence } from '../verdict.js'
import type { Calls } from './calls.js'

const shownPerType = 16

/** The anomalies that are no cycles, counted by type, the first of each kept as evidence. */
export class Evidence {
  readonly #calls: Calls
  readonly #shown = new Map<string, EvidenceAnomaly[]>()
  readonly #counts = new Map<string, number>()

  constructor(calls: Calls) {
    this.#calls = calls
  }

  /** The sentence is made only for cases that are shown; it names the calls T1, T2... in their order. */
  add(
    type: string,
    calls: readonly number[],
    about: { sentence: string; key?: Value; values?: Value[] },
  ): void {
    const count = (this.#counts.get(type) ?? 0) + 1
    this.#counts.set(type, count)
    if (count > shownPerType) return
    const seen = calls.map((call, i) =>
      seenCall(this.#calls.history, this.#calls.invocations.data[call]!, `T${i + 1}`),
    )
    const shown = this.#shown.get(type) ?? []
    shown.push({ kind: 'evidence', type, calls: seen, ...about })
    this.#shown.set(type, shown)
  }

  types(): string[] {
    return [...this.#counts.keys()]
  }

  anomalies(types: ReadonlySet<string>): Anomaly[] {
    return [...this.#shown].flatMap(([type, shown]) => (types.has(type) ? shown : []))
  }

  occurrences(types: ReadonlySet<string>): Occurrence[] {
    return [...this.#counts].flatMap(([type, count]) => (types.has(type) ? [{ type, count }] : []))
  }
}

export function text(value: Value): string {
  return typeof value === 'string' ? value : valueText(value)
}

export function bySeverity<T extends { readonly type: string }>(items: readonly T[]): T[] {
  return [...items].sort((a, b) => (a.type === b.type ? 0 : compareSeverity(a.type, b.type)))
}
