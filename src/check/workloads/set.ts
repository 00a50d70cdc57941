import type { History } from '../../history/history.js'
import type { Value } from '../../history/operation.js'
import { valueText } from '../../history/valueText.js'
import { callsByKey, type ClientCall, clientCalls, type KeyedCalls } from '../clientCalls.js'
import { Findings } from '../findings.js'
import { Budget, type CheckOptions } from '../options.js'
import type { Verdict } from '../verdict.js'
import {
  type Added,
  addedElements,
  didFail,
  didSucceed,
  type ElementsRead,
  elementAnomaly,
  elementsRead,
} from './elements.js'

export interface SetOptions extends CheckOptions {
  /** Whether values are tuples of a key and a value. By default, whether all look so. */
  readonly keyed?: boolean
}

/** Worst first. */
const types = ['lost', 'unexpected', 'duplicated']

interface Tally {
  reads: number
  recovered: number
}

/**
 * A set with `add` (argument: an element) and, in the end, `read` (answer: all elements). The last read must
 * find every element that was added before it began, none that nobody tried to add, and none twice. Elements
 * whose add has an unknown outcome may be there (`recovered`) or not. Linear time.
 *
 * @throws HistoryFormatError when a read is no list of elements
 */
export function checkSet(history: History, options: SetOptions = {}): Verdict {
  const budget = new Budget(options)
  const findings = new Findings(types)
  const tally: Tally = { reads: 0, recovered: 0 }
  const parts = callsByKey(history, clientCalls(history, ['add', 'read'], 'set'), options.keyed)
  let limit: string | undefined
  for (const part of parts) {
    limit ??= budget.exceeded(0)
    if (limit === undefined) checkPart(history, part, { findings, tally })
  }
  const unread = parts.length - tally.reads
  return findings.verdict(history, budget, {
    workload: 'set',
    models: [],
    not: ['linearizable'],
    stats: { parts: parts.length, recovered: tally.recovered },
    unknownBecause:
      limit ??
      (unread > 0 ? `${parts.length === 1 ? 'the set was' : `${unread} sets were`} never read` : undefined),
  })
}

function checkPart(
  history: History,
  { key, calls }: KeyedCalls,
  { findings, tally }: { readonly findings: Findings; readonly tally: Tally },
): void {
  const last = calls
    .filter(({ f, outcome }) => f === 'read' && outcome === 'ok')
    .reduce<ClientCall | undefined>(
      (a, b) => (a !== undefined && a.returnedAt > b.returnedAt ? a : b),
      undefined,
    )
  if (last === undefined) return
  tally.reads += 1
  const added = addedElements(calls, 'add')
  const read = elementsRead(history, last)
  for (const [text, element] of added) {
    if (!read.counts.has(text)) reportLost(history, { key, element, read, findings })
    else if (!didSucceed(element) && !didFail(element)) tally.recovered += 1
  }
  reportStrange(history, { key, added, read, findings })
}

function reportLost(
  history: History,
  found: {
    readonly key: Value | undefined
    readonly element: Added
    readonly read: ElementsRead
    readonly findings: Findings
  },
): void {
  const { key, read, findings } = found
  const { element, calls } = found.element
  const add = calls.find(({ outcome, returnedAt }) => outcome === 'ok' && returnedAt < read.call.invokedAt)
  if (add === undefined) return
  findings.add('lost', () =>
    elementAnomaly(history, {
      type: 'lost',
      key,
      element,
      calls: [add, read.call],
      sentence: (adding, reading) =>
        `${adding} returned before ${reading} began, which read the set last and did not find the element.`,
    }),
  )
}

/** Elements that a read cannot have found, or not as often. */
export function reportStrange(
  history: History,
  {
    key,
    added,
    read,
    findings,
  }: {
    readonly key: Value | undefined
    readonly added: ReadonlyMap<string, Added>
    readonly read: ElementsRead
    readonly findings: Findings
  },
): void {
  const { call, counts, elements } = read
  const shown = new Set<string>()
  for (const element of elements) {
    const text = valueText(element)
    if (shown.has(text)) continue
    shown.add(text)
    const known = added.get(text)
    const count = counts.get(text) ?? 0
    if (known === undefined || didFail(known)) {
      const why = known === undefined ? 'nobody tried to add' : 'was never added: every attempt failed'
      findings.add('unexpected', () =>
        elementAnomaly(history, {
          type: 'unexpected',
          key,
          element,
          calls: [call, ...(known?.calls.slice(0, 1) ?? [])],
          sentence: (reading) => `${reading} found ${text}, which ${why}.`,
        }),
      )
    }
    if (count > 1) {
      findings.add('duplicated', () =>
        elementAnomaly(history, {
          type: 'duplicated',
          key,
          element,
          calls: [call],
          sentence: (reading) => `${reading} found ${text} ${count} times, but a set holds an element once.`,
        }),
      )
    }
  }
}
