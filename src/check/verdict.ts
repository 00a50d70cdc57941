import type { OperationType, Value } from '../history/operation.js'

/** `unknown`: a limit was met before the answer. */
export type Validity = true | false | 'unknown'

/** What any checker answers. Everything in it is plain data, besides the `Value`s of operations. */
export interface Verdict {
  readonly file?: string
  /** list-append, rw-register, register, cas-register, bank, set... */
  readonly workload: string
  /** The consistency models that were asked about, by the names the user gave. */
  readonly models: readonly string[]
  readonly valid: Validity
  /** Worst first. A type that occurs very often may show only some of its cases: see `occurrences`. */
  readonly anomalies: readonly Anomaly[]
  /** How many cases of each type were found, shown or not. Types in the order of `anomalies`. */
  readonly occurrences: readonly Occurrence[]
  /** The weakest models that the anomalies rule out; all that are stronger are in `alsoNot`. Sorted. */
  readonly not: readonly string[]
  readonly alsoNot: readonly string[]
  readonly counts: Counts
  /** Of the checker: edges, components, states explored... For people and for measurements. */
  readonly stats: Readonly<Record<string, number>>
  /** Which limit was met, when `valid` is `unknown`. */
  readonly unknownBecause?: string
  /** What a reader should know though it changes no verdict, in sentences. */
  readonly notes: readonly string[]
  /** Time of the check, without reading the file. */
  readonly seconds: number
}

/** Calls of clients by outcome; `unknown` are those that ended in `info` or not at all. */
export interface Counts {
  readonly calls: number
  readonly ok: number
  readonly failed: number
  readonly unknown: number
}

export interface Occurrence {
  readonly type: string
  readonly count: number
}

export type Anomaly = CycleAnomaly | EvidenceAnomaly | StuckAnomaly

/** Transactions each of which must come before the next, and the last before the first. */
export interface CycleAnomaly {
  readonly kind: 'cycle'
  /** Elle's name: G0, G1c, G-single-item-realtime... */
  readonly type: string
  /** What this cycle means, in one sentence. */
  readonly sentence: string
  /** In the order of the cycle; none shorter shows this type. */
  readonly steps: readonly CycleStep[]
}

export interface CycleStep {
  readonly transaction: SeenCall
  /** From this transaction to that of the next step; of the last step to the first. */
  readonly edge: Edge
}

/**
 * Why one transaction comes before another. `ww`: it wrote what the other overwrote; `wr`: it wrote what the
 * other read; `rw`: it read what the other overwrote; `process`: the same process ran it earlier; `realtime`:
 * it ended before the other began.
 */
export const edgeKinds = ['ww', 'wr', 'rw', 'process', 'realtime'] as const
export type EdgeKind = (typeof edgeKinds)[number]

export interface Edge {
  readonly kind: EdgeKind
  /** The evidence, with the labels of the two transactions. */
  readonly sentence: string
  /** Of `ww`, `wr` and `rw`: the key, and the version written or read by this transaction. */
  readonly key?: Value
  readonly value?: Value
  /** Of `ww` and `rw`: the version that the next transaction wrote over it. */
  readonly nextValue?: Value
}

/** Calls that together show something impossible, without a cycle. */
export interface EvidenceAnomaly {
  readonly kind: 'evidence'
  /** G1a, internal, lost-update, incompatible-order, wrong-total... */
  readonly type: string
  readonly sentence: string
  readonly calls: readonly SeenCall[]
  readonly key?: Value
  /** The values concerned, such as the versions that exclude each other. */
  readonly values?: readonly Value[]
}

/** A history that no order of its calls explains (linearizability). */
export interface StuckAnomaly {
  readonly kind: 'stuck'
  readonly type: string
  readonly sentence: string
  readonly key?: Value
  /** The longest part that can be put in order, in that order. May be cut at its front. */
  readonly placed: readonly SeenCall[]
  /** Calls none of which can come next, each with the reason. */
  readonly blocked: readonly { readonly call: SeenCall; readonly sentence: string }[]
}

/** A call as an explanation shows it, with its places in the history. */
export interface SeenCall {
  /** T1, T2... as the sentences name it; the same call has one label within an anomaly. */
  readonly label: string
  readonly process: number | string
  readonly f: string
  /** What it answered, or what was asked when no answer is known. */
  readonly value: Value
  readonly invocation: SeenOperation
  /** Absent when the history has no completion of it. */
  readonly completion?: SeenOperation
}

export interface SeenOperation {
  readonly index: number
  readonly type: OperationType
  readonly line?: number
  readonly time?: number
}

/** Reported while a check runs, at least once per phase and never more often than some 10 times a second. */
export interface CheckProgress {
  /** read, infer, components, cycles, linearize... */
  readonly phase: string
  /** Between 0 and 1, when the end is known. */
  readonly share?: number
}

/** The names of the anomalies of a verdict, each once, as `--json` prints them. */
export function anomalyTypes(verdict: Verdict): string[] {
  return verdict.occurrences.map(({ type }) => type)
}
