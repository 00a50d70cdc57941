import type { History } from '../history/history.js'
import { strongerModels } from './models.js'
import type { Budget } from './options.js'
import { countCalls } from './seen.js'
import type { Anomaly, Verdict } from './verdict.js'

const shownPerType = 8

/** What a verdict says beside its findings. */
export interface VerdictParts {
  readonly workload: string
  readonly models: readonly string[]
  /** The weakest models that are ruled out when anything is found. */
  readonly not: readonly string[]
  readonly stats: Readonly<Record<string, number>>
  readonly notes?: readonly string[]
  readonly unknownBecause?: string | undefined
}

/** Collects anomalies of known types: all are counted, the first few of each are kept. */
export class Findings {
  readonly #byType: Map<string, { count: number; readonly shown: Anomaly[] }>

  /** @param types worst first */
  constructor(types: readonly string[]) {
    this.#byType = new Map(types.map((type) => [type, { count: 0, shown: [] }]))
  }

  add(type: string, describe: () => Anomaly): void {
    const found = this.#byType.get(type)
    if (found === undefined) throw new RangeError(`an anomaly of type '${type}' is not expected`)
    found.count += 1
    if (found.shown.length < shownPerType) found.shown.push(describe())
  }

  /** Invalid if anything was found; else unknown for a reason, or valid. */
  verdict(history: History, budget: Budget, parts: VerdictParts): Verdict {
    const found = [...this.#byType].filter(([, { count }]) => count > 0)
    const isInvalid = found.length > 0
    const { unknownBecause, notes = [] } = parts
    return {
      ...(history.file === undefined ? {} : { file: history.file }),
      workload: parts.workload,
      models: parts.models,
      valid: isInvalid ? false : unknownBecause === undefined ? true : 'unknown',
      anomalies: found.flatMap(([, { shown }]) => shown),
      occurrences: found.map(([type, { count }]) => ({ type, count })),
      not: isInvalid ? parts.not : [],
      alsoNot: isInvalid ? strongerModels(parts.not) : [],
      counts: countCalls(history),
      stats: parts.stats,
      ...(isInvalid || unknownBecause === undefined ? {} : { unknownBecause }),
      notes: isInvalid && unknownBecause !== undefined ? [...notes, unknownBecause] : notes,
      seconds: budget.elapsedMs / 1000,
    }
  }
}
