import type { History } from '../../history/history.js'
import { valueText } from '../../history/valueText.js'
import {
  callsByKey,
  type ClientCall,
  clientCalls,
  formatError,
  type KeyedCalls,
  valuePosition,
} from '../clientCalls.js'
import { Findings } from '../findings.js'
import { Budget, type CheckOptions } from '../options.js'
import { callText, seenCall } from '../seen.js'
import type { EvidenceAnomaly, Verdict } from '../verdict.js'

export interface CounterOptions extends CheckOptions {
  /** What the counter holds before anything is added. Default 0. */
  readonly initial?: number
  /** Whether values are tuples of a key and a value. By default, whether all look so. */
  readonly keyed?: boolean
}

/** Sums of positive and negative amounts, apart: either may or may not be part of what a read finds. */
interface Sums {
  positive: number
  negative: number
}

interface Bounds {
  readonly lowest: number
  readonly highest: number
}

const outOfBounds = 'out-of-bounds'

/**
 * A counter with `add` (argument: the amount, which may be negative) and `read`. A read must find at least
 * what was certainly added before it began, and at most what may have been added before it ended: the bounds
 * of Jepsen's counter checker, for negative amounts too. Linear time.
 *
 * @throws HistoryFormatError when an amount or an answer is no number
 */
export function checkCounter(history: History, options: CounterOptions = {}): Verdict {
  const budget = new Budget(options)
  const findings = new Findings([outOfBounds])
  const parts = callsByKey(history, clientCalls(history, ['add', 'read'], 'counter'), options.keyed)
  let reads = 0
  let limit: string | undefined
  for (const part of parts) {
    limit ??= budget.exceeded(0)
    if (limit !== undefined) break
    reads += checkPart(history, { part, initial: options.initial ?? 0, findings })
  }
  return findings.verdict(history, budget, {
    workload: 'counter',
    models: ['strict-serializable'],
    not: ['strict-serializable'],
    stats: { reads, parts: parts.length },
    unknownBecause: limit ?? (reads === 0 ? 'no read of the counter succeeded' : undefined),
  })
}

function checkPart(
  history: History,
  {
    part,
    initial,
    findings,
  }: { readonly part: KeyedCalls; readonly initial: number; readonly findings: Findings },
): number {
  const certain: Sums = { positive: initial, negative: 0 }
  const possible: Sums = { positive: initial, negative: 0 }
  const certainAtStart = new Map<ClientCall, Sums>()
  let reads = 0
  for (const { call, isReturn } of eventsOf(part.calls)) {
    if (call.f === 'add') {
      addTo(isReturn ? certain : possible, amountOf(history, call))
    } else if (isReturn) {
      reads += 1
      const sure = certainAtStart.get(call)!
      const bounds = { lowest: sure.positive + possible.negative, highest: possible.positive + sure.negative }
      const found = amountOf(history, call)
      if (found < bounds.lowest || found > bounds.highest) {
        findings.add(outOfBounds, () => evidence(history, { part, call, found, bounds }))
      }
    } else {
      certainAtStart.set(call, { ...certain })
    }
  }
  return reads
}

/** Invocations of all calls that did not fail, and returns of those that are known to have happened. */
function eventsOf(calls: readonly ClientCall[]): { call: ClientCall; isReturn: boolean; at: number }[] {
  const happened = calls.filter(({ outcome }) => outcome !== 'fail')
  return happened
    .flatMap((call) => [
      { call, isReturn: false, at: call.invokedAt },
      ...(call.outcome === 'ok' ? [{ call, isReturn: true, at: call.returnedAt }] : []),
    ])
    .sort((a, b) => a.at - b.at)
}

function amountOf(history: History, call: ClientCall): number {
  const value = call.f === 'add' ? call.input : call.value
  const amount = typeof value === 'bigint' ? Number(value) : value
  if (typeof amount === 'number' && Number.isFinite(amount)) return amount
  throw formatError(history, valuePosition(call), `a number as the value of ${call.f}`, valueText(value))
}

function addTo(sums: Sums, amount: number): void {
  if (amount < 0) sums.negative += amount
  else sums.positive += amount
}

function evidence(
  history: History,
  found: {
    readonly part: KeyedCalls
    readonly call: ClientCall
    readonly found: number
    readonly bounds: Bounds
  },
): EvidenceAnomaly {
  const { key } = found.part
  const { lowest, highest } = found.bounds
  const read = seenCall(history, found.call.invokedAt, 'T1')
  const about = key === undefined ? '' : `For key ${valueText(key)}: `
  const why =
    found.found < lowest
      ? `at least ${lowest} had certainly been added before it began`
      : `at most ${highest} can have been added before it ended`
  return {
    kind: 'evidence',
    type: outOfBounds,
    sentence: `${about}${callText(read)} found ${found.found}, but ${why}.`,
    calls: [read],
    ...(key === undefined ? {} : { key }),
    values: [lowest, found.found, highest],
  }
}
