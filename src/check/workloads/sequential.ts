import type { History } from '../../history/history.js'
import { valueText } from '../../history/valueText.js'
import { callsByKey, type ClientCall, clientCalls, formatError, type KeyedCalls } from '../clientCalls.js'
import { Findings } from '../findings.js'
import { Budget } from '../options.js'
import type { Verdict } from '../verdict.js'
import { addedElements, elementAnomaly, elementsRead } from './elements.js'
import { reportStrange, type SetOptions } from './set.js'

const missing = 'missing-predecessor'
/** Worst first. */
const types = ['unexpected', missing, 'duplicated']

/**
 * Elements written one by one (`write`), and reads of all of them. A read that finds an element must find
 * those whose writes had returned before that element's write began: what came first is seen first. Time
 * linear in what was read.
 *
 * @throws HistoryFormatError when an element is written twice, or a read is no list of elements
 */
export function checkSequential(history: History, options: SetOptions = {}): Verdict {
  const budget = new Budget(options)
  const findings = new Findings(types)
  const parts = callsByKey(history, clientCalls(history, ['write', 'read'], 'sequential'), options.keyed)
  let reads = 0
  let limit: string | undefined
  for (const part of parts) {
    limit ??= budget.exceeded(0)
    if (limit !== undefined) break
    reads += checkPart(history, part, findings)
  }
  return findings.verdict(history, budget, {
    workload: 'sequential',
    models: ['strict-serializable'],
    not: ['strict-serializable'],
    stats: { parts: parts.length, reads },
    unknownBecause: limit ?? (reads === 0 ? 'no read succeeded' : undefined),
  })
}

function checkPart(history: History, { key, calls }: KeyedCalls, findings: Findings): number {
  const added = addedElements(calls, 'write')
  const writes = new Map<string, ClientCall>()
  for (const [text, { element, calls: writing }] of added) {
    const [first, second] = writing
    if (second !== undefined) {
      throw formatError(
        history,
        second.invokedAt,
        'each element to be written once',
        `${valueText(element)} again`,
      )
    }
    writes.set(text, first!)
  }
  const returned = [...writes.values()]
    .filter(({ outcome }) => outcome === 'ok')
    .sort((a, b) => a.returnedAt - b.returnedAt)
  let reads = 0
  for (const call of calls) {
    if (call.f !== 'read' || call.outcome !== 'ok') continue
    reads += 1
    const read = elementsRead(history, call)
    reportStrange(history, { key, added, read, findings })
    const seen = [...read.counts.keys()].flatMap((text) => writes.get(text) ?? [])
    const latest = seen.reduce((a, b) => (a !== undefined && a.invokedAt > b.invokedAt ? a : b), seen[0])
    if (latest === undefined) continue
    const unseen = firstUnseen(returned, latest.invokedAt, read.counts)
    if (unseen === undefined) continue
    findings.add(missing, () =>
      elementAnomaly(history, {
        type: missing,
        key,
        element: unseen.input,
        calls: [unseen, latest, call],
        sentence: (earlier, later, reading) =>
          `${earlier} returned before ${later} began, but ${reading} found only the later of the two.`,
      }),
    )
  }
  return reads
}

/** A write that returned before the position and that the read did not find, if there is one. */
function firstUnseen(
  returned: readonly ClientCall[],
  position: number,
  counts: ReadonlyMap<string, number>,
): ClientCall | undefined {
  for (const write of returned) {
    if (write.returnedAt > position) return undefined
    if (!counts.has(valueText(write.input))) return write
  }
  return undefined
}
