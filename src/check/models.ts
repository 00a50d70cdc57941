import { TidemarkError } from '../errors.js'
import { implied, reachable, reversed } from './anomalyTypes.js'

/** Other names of models. Adya's names come first when a verdict is worked out, the friendly ones last. */
const canonical: Readonly<Record<string, string>> = {
  'consistent-view': 'PL-2+',
  'conflict-serializable': 'PL-3',
  'cursor-stability': 'PL-CS',
  'forward-consistent-view': 'PL-FCV',
  'monotonic-snapshot-read': 'PL-MSR',
  'monotonic-view': 'PL-2L',
  'read-committed': 'PL-2',
  'read-uncommitted': 'PL-1',
  'repeatable-read': 'PL-2.99',
  serializable: 'PL-3',
  'snapshot-isolation': 'PL-SI',
  'strict-serializable': 'PL-SS',
  'strong-serializable': 'PL-SS',
  'update-serializable': 'PL-3U',
  'strong-session-read-uncommitted': 'strong-session-PL-1',
  'strong-session-read-committed': 'strong-session-PL-2',
  'strong-read-uncommitted': 'strong-PL-1',
  'strong-read-committed': 'strong-PL-2',
}

const friendly = Object.fromEntries(Object.entries(canonical).map(([name, model]) => [model, name]))

/**
 * Each model with those that every history of it satisfies too: the map at jepsen.io/consistency, with the
 * parallel and session models that Elle knows.
 */
const weaker: Readonly<Record<string, readonly string[]>> = {
  'causal-cerone': ['read-atomic'],
  'PL-2+': ['PL-CS', 'PL-2L'],
  'PL-CS': ['PL-2'],
  'PL-FCV': ['PL-2+'],
  'PL-2': ['PL-1'],
  'PL-3': ['PL-2.99', 'PL-3U', 'PL-SI', 'view-serializable'],
  'PL-3U': ['PL-FCV'],
  'monotonic-atomic-view': ['PL-2'],
  'PL-2L': ['PL-2'],
  'PL-MSR': ['PL-2'],
  'parallel-snapshot-isolation': ['causal-cerone', 'update-atomic'],
  prefix: ['causal-cerone'],
  'read-atomic': ['monotonic-atomic-view'],
  'PL-2.99': ['PL-CS', 'monotonic-atomic-view'],
  'update-atomic': ['read-atomic'],
  'session-serializable': ['1SR'],
  'PL-SI': ['PL-FCV', 'monotonic-atomic-view', 'PL-MSR', 'parallel-snapshot-isolation', 'prefix'],
  'PL-SS': [
    'PL-3',
    'linearizable',
    'PL-SI',
    'strong-snapshot-isolation',
    'strong-session-serializable',
    'session-serializable',
  ],
  'strong-session-PL-1': ['PL-1'],
  'strong-session-PL-2': ['PL-2', 'strong-session-PL-1'],
  'strong-PL-1': ['strong-session-PL-1'],
  'strong-PL-2': ['strong-session-PL-2', 'strong-PL-1'],
  'strong-session-serializable': ['PL-3', 'strong-session-snapshot-isolation'],
  'strong-session-snapshot-isolation': ['PL-SI', 'strong-session-PL-2'],
  'strong-snapshot-isolation': ['strong-session-snapshot-isolation', 'strong-PL-2'],
  linearizable: ['sequential'],
  sequential: ['causal'],
  causal: ['writes-follow-reads', 'PRAM'],
  PRAM: ['monotonic-reads', 'monotonic-writes', 'read-your-writes'],
}

/** What a model forbids beyond what its weaker models forbid. */
const forbids: Readonly<Record<string, readonly string[]>> = {
  'causal-cerone': ['internal', 'G1a'],
  'PL-CS': ['G1', 'lost-update'],
  'PL-2L': ['G1'],
  'PL-MSR': ['G1'],
  'PL-2+': ['G1', 'G-single'],
  'PL-FCV': ['G1'],
  'parallel-snapshot-isolation': ['internal', 'G1a'],
  'PL-3': ['G1', 'G2', 'internal'],
  'PL-2': ['G1'],
  'PL-1': ['G0', 'duplicate-elements', 'cyclic-versions'],
  prefix: ['internal', 'G1a'],
  'PL-SI': ['internal', 'G1', 'G-nonadjacent'],
  'read-atomic': ['internal', 'G1a', 'future-read', 'garbage-read'],
  'PL-2.99': ['G1', 'G2-item', 'lost-update'],
  'update-atomic': ['lost-update'],
  'PL-SS': ['G1', 'G1c-realtime', 'G2-realtime'],
  'strong-session-PL-1': ['G0-process'],
  'strong-session-PL-2': ['G1c-process'],
  'strong-PL-1': ['G0-realtime'],
  'strong-PL-2': ['G1c-realtime'],
  'strong-session-snapshot-isolation': ['internal', 'G1-process', 'G-nonadjacent-process'],
  'strong-snapshot-isolation': ['internal', 'G1-realtime', 'G-nonadjacent-realtime'],
  'strong-session-serializable': ['G1-process', 'G2-process'],
  'PL-3U': ['G1'],
}

const stronger = reversed(weaker)
const implying = reversed(implied)
const forbiddenBy = reversed(forbids)

/** Every name of a consistency model that may be asked about. Sorted. */
export const modelNames: readonly string[] = [
  ...new Set([...Object.keys(canonical), ...Object.keys(weaker), ...Object.values(weaker).flat()]),
].sort()

export class UnknownModelError extends TidemarkError {
  constructor(name: string) {
    super(`no consistency model is called '${name}'; there are: ${modelNames.join(', ')}`, {
      code: 'TIDEMARK_UNKNOWN_MODEL',
    })
  }
}

/**
 * The anomalies that no history of all these models can have.
 *
 * @throws UnknownModelError
 */
export function forbiddenAnomalies(models: readonly string[]): Set<string> {
  const all = reachable(models.map(canonicalName), weaker)
  return reachable(
    [...all].flatMap((model) => forbids[model] ?? []),
    implying,
  )
}

/** The weakest models that the anomalies rule out, and the stronger ones that go with them. */
export function boundary(anomalies: Iterable<string>): { not: string[]; alsoNot: string[] } {
  const direct = [...reachable(anomalies, implied)].flatMap((anomaly) => forbiddenBy[anomaly] ?? [])
  const impossible = reachable(direct, stronger)
  const isWeakest = (model: string) =>
    [...reachable([model], weaker)].every((other) => other === model || !impossible.has(other))
  const names = (models: string[]) => models.map((model) => friendly[model] ?? model).sort()
  return {
    not: names([...impossible].filter(isWeakest)),
    alsoNot: names([...impossible].filter((model) => !isWeakest(model))),
  }
}

/** All models that a history cannot satisfy if it does not satisfy these. Sorted. */
export function strongerModels(models: readonly string[]): string[] {
  const given = new Set(models.map(canonicalName))
  const all = [...reachable(given, stronger)].filter((model) => !given.has(model))
  return all.map((model) => friendly[model] ?? model).sort()
}

function canonicalName(name: string): string {
  if (!modelNames.includes(name)) throw new UnknownModelError(name)
  return canonical[name] ?? name
}
