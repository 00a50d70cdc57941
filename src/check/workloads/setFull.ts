import type { History } from '../../history/history.js'
import { valueText } from '../../history/valueText.js'
import { callsByKey, type ClientCall, clientCalls, type KeyedCalls } from '../clientCalls.js'
import { Findings } from '../findings.js'
import { Budget } from '../options.js'
import type { Verdict } from '../verdict.js'
import { type Added, addedElements, type ElementsRead, elementAnomaly, elementsRead } from './elements.js'
import { reportStrange, type SetOptions } from './set.js'

export interface SetFullOptions extends SetOptions {
  /**
   * Whether each read must find what was there before it began. Otherwise elements may come late, as long as
   * they come and stay. Default false.
   */
  readonly linearizable?: boolean
}

/** Worst first. */
const types = ['lost', 'unexpected', 'duplicated', 'stale']

interface Tally {
  stable: number
  neverRead: number
  stale: number
}

interface Timeline {
  readonly added: Added
  /** When it was certain that the element is there: its add returned, or a read that found it. */
  knownBy?: ClientCall
  /** Of the reads that found it, the one that began last. */
  lastPresent?: ClientCall
  /** Of the reads that did not, the one that began last. */
  lastAbsent?: ClientCall
}

/**
 * A set with `add` and `read` at any time. Each element is followed through all reads: it is *lost* when the
 * reads that began last do not find it though it was known to be there, *stale* when it was missed for a
 * while, *stable* when it stays (the outcomes of Jepsen's set-full checker). Time linear in what was read.
 *
 * @throws HistoryFormatError when a read is no list of elements
 */
export function checkSetFull(history: History, options: SetFullOptions = {}): Verdict {
  const budget = new Budget(options)
  const findings = new Findings(types)
  const tally: Tally = { stable: 0, neverRead: 0, stale: 0 }
  const parts = callsByKey(history, clientCalls(history, ['add', 'read'], 'set-full'), options.keyed)
  let limit: string | undefined
  for (const part of parts) {
    limit ??= budget.exceeded(0)
    if (limit !== undefined) break
    checkPart(history, part, { findings, tally, isLinearizable: options.linearizable ?? false })
  }
  return findings.verdict(history, budget, {
    workload: 'set-full',
    models: options.linearizable === true ? ['linearizable'] : [],
    not: ['linearizable'],
    stats: { parts: parts.length, ...tally },
    notes:
      tally.stale > 0
        ? [`${tally.stale} elements were missed by reads that began after they were known.`]
        : [],
    unknownBecause: limit ?? (tally.stable === 0 ? 'no element was read and stayed' : undefined),
  })
}

function checkPart(
  history: History,
  part: KeyedCalls,
  { findings, tally, isLinearizable }: { findings: Findings; tally: Tally; isLinearizable: boolean },
): void {
  const { key, calls } = part
  const added = addedElements(calls, 'add')
  const reads = calls
    .filter(({ f, outcome }) => f === 'read' && outcome === 'ok')
    .map((call) => elementsRead(history, call))
  for (const read of reads) reportStrange(history, { key, added, read, findings })
  for (const timeline of timelinesOf(added, reads)) {
    const { knownBy, lastPresent, lastAbsent } = timeline
    const present = lastPresent?.invokedAt ?? -1
    const absent = lastAbsent?.invokedAt ?? -1
    const wasMissed = knownBy !== undefined && absent > knownBy.returnedAt
    if (lastPresent !== undefined && present > absent) {
      tally.stable += 1
      if (!wasMissed) continue
      tally.stale += 1
      if (isLinearizable) report(history, { part, timeline, findings, type: 'stale' })
    } else if (wasMissed) {
      report(history, { part, timeline, findings, type: 'lost' })
    } else {
      tally.neverRead += 1
    }
  }
}

function timelinesOf(added: ReadonlyMap<string, Added>, reads: readonly ElementsRead[]): Timeline[] {
  const timelines = new Map<string, Timeline>()
  for (const [text, element] of added) timelines.set(text, { added: element, ...addReturned(element) })
  for (const { call, counts } of reads) {
    for (const text of counts.keys()) {
      const timeline = timelines.get(text)
      if (timeline === undefined) continue
      // Reads come in the order of their invocations.
      timeline.lastPresent = call
      if (timeline.knownBy === undefined || call.returnedAt < timeline.knownBy.returnedAt)
        timeline.knownBy = call
    }
  }
  noteAbsences(timelines, reads)
  return [...timelines.values()]
}

function addReturned({ calls }: Added): { knownBy?: ClientCall } {
  const returned = calls.filter(({ outcome }) => outcome === 'ok').sort((a, b) => a.returnedAt - b.returnedAt)
  return returned[0] === undefined ? {} : { knownBy: returned[0] }
}

/** From the last read back: an element stays open for as long as reads find it, which bounds the work. */
function noteAbsences(timelines: ReadonlyMap<string, Timeline>, reads: readonly ElementsRead[]): void {
  let open = [...timelines]
  for (const { call, counts } of reads.toReversed()) {
    const found: typeof open = []
    for (const entry of open) {
      if (counts.has(entry[0])) found.push(entry)
      else entry[1].lastAbsent = call
    }
    open = found
  }
}

function report(
  history: History,
  found: {
    readonly part: KeyedCalls
    readonly timeline: Timeline
    readonly findings: Findings
    readonly type: 'lost' | 'stale'
  },
): void {
  const { part, timeline, findings, type } = found
  const { added, knownBy, lastAbsent, lastPresent } = timeline
  if (knownBy === undefined || lastAbsent === undefined) return
  const text = valueText(added.element)
  const ending = type === 'lost' ? ', and no read that began later found it' : `. Later it was there again`
  const foundBefore = type === 'lost' && lastPresent !== undefined ? [lastPresent] : []
  findings.add(type, () =>
    elementAnomaly(history, {
      type,
      key: part.key,
      element: added.element,
      calls: [knownBy, lastAbsent, ...foundBefore],
      sentence: (knowing, missing) =>
        `${knowing} shows that ${text} was there before ${missing} began, which did not find it${ending}.`,
    }),
  )
}
