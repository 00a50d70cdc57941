import type { History } from '../../history/history.js'
import type { Value } from '../../history/operation.js'
import { isList, valueText } from '../../history/valueText.js'
import { type ClientCall, formatError, valuePosition } from '../clientCalls.js'
import { callText, seenCall, shortText } from '../seen.js'
import type { EvidenceAnomaly } from '../verdict.js'

/** An element and the calls that add it: usually one. */
export interface Added {
  readonly element: Value
  readonly calls: ClientCall[]
}

/** A successful read, with how often it found each element, by text. */
export interface ElementsRead {
  readonly call: ClientCall
  readonly counts: ReadonlyMap<string, number>
  readonly elements: readonly Value[]
}

/** Elements by their text, in the order in which they were first added. */
export function addedElements(calls: readonly ClientCall[], f: string): Map<string, Added> {
  const added = new Map<string, Added>()
  for (const call of calls) {
    if (call.f !== f) continue
    const text = valueText(call.input)
    const known = added.get(text)
    if (known === undefined) added.set(text, { element: call.input, calls: [call] })
    else known.calls.push(call)
  }
  return added
}

/** @throws HistoryFormatError when the answer is no list or set */
export function elementsRead(history: History, call: ClientCall): ElementsRead {
  const { value } = call
  if (!isList(value) && !(value instanceof Set)) {
    const expected = 'a list or set of elements as the value of read'
    throw formatError(history, valuePosition(call), expected, shortText(valueText(value)))
  }
  const elements = [...(value as Iterable<Value>)]
  const counts = new Map<string, number>()
  for (const element of elements) {
    const text = valueText(element)
    counts.set(text, (counts.get(text) ?? 0) + 1)
  }
  return { call, counts, elements }
}

export function didSucceed({ calls }: Added): boolean {
  return calls.some(({ outcome }) => outcome === 'ok')
}

/** True when all calls that add it failed, so that nobody can have added it. */
export function didFail({ calls }: Added): boolean {
  return calls.every(({ outcome }) => outcome === 'fail')
}

/** An element, the calls that speak of it, and why they cannot all be right. */
export interface ElementEvidence {
  readonly type: string
  readonly key?: Value | undefined
  readonly element: Value
  readonly calls: readonly ClientCall[]
  /** Gets the calls as text, in their order. */
  readonly sentence: (...calls: string[]) => string
}

export function elementAnomaly(history: History, found: ElementEvidence): EvidenceAnomaly {
  const { type, key, element, calls, sentence } = found
  const seen = calls.map(({ invokedAt }, number) => seenCall(history, invokedAt, `T${number + 1}`))
  const about = key === undefined ? '' : `For key ${valueText(key)}: `
  return {
    kind: 'evidence',
    type,
    sentence: about + sentence(...seen.map(callText)),
    calls: seen,
    ...(key === undefined ? {} : { key }),
    values: [element],
  }
}
