import { valueText } from '../../history/valueText.js'
import type { PlacedCall } from './calls.js'
import type { Model, ModelCall } from './model.js'

/**
 * The calls of one object as a search reads them: everything a number.
 *
 * Calls are numbered in the order of their invocations. The history is a list of events: that of a call's
 * invocation is its number, that of its return the complement (`~call`). Calls of unknown outcome, called
 * *open* here, never return.
 */
export interface Problem {
  readonly calls: readonly PlacedCall[]
  readonly events: Int32Array
  /** By call: the event of its invocation. */
  readonly invokedAt: Int32Array
  /** By call: the event of its return; infinite for open calls. */
  readonly returnsAt: Float64Array
  /** By call: the number of its class in `classes`. Calls of one class are equal to the model. */
  readonly classOf: Int32Array
  readonly classes: readonly ModelCall[]
  /** By class: 1 when its calls change nothing. */
  readonly readOnly: Uint8Array
  /** By call: its bit in a configuration. Slots of calls that return are used again. */
  readonly bitOf: Int32Array
  /** Words of a configuration for calls that return; those for open calls follow. */
  readonly slotWords: number
  readonly words: number
  /** Open calls by class, each in the order of invocations; classes in the order of their first. */
  readonly openGroups: readonly Int32Array[]
  /** By call: how soon it is tried, if the model has wishes; smaller first. */
  readonly urgency?: Float64Array
  /** By call that returns: the pending call after which it is tried when it is invoked; -1 is none. */
  readonly triedAfter: Int32Array
}

export function problemOf(calls: readonly PlacedCall[], model: Model<unknown>): Problem {
  const { events, invokedAt, returnsAt } = eventsOf(calls)
  const { classes, classOf } = classesOf(calls)
  const bitOf = new Int32Array(calls.length)
  const slotWords = giveSlots(events, calls, bitOf)
  const openGroups = groupOpen(calls, classOf)
  const openCount = giveOpenBits(openGroups, slotWords * 32, bitOf)
  const urgency = urgencyOf({ calls, model, invokedAt, returnsAt, classOf })
  const byUrgency = (a: number, b: number) =>
    (urgency === undefined ? 0 : urgency[a]! - urgency[b]!) || returnsAt[a]! - returnsAt[b]!
  return {
    calls,
    events,
    invokedAt,
    returnsAt,
    classOf,
    classes,
    readOnly: Uint8Array.from(classes, (call) => Number(model.isReadOnly?.(call) ?? false)),
    bitOf,
    slotWords,
    words: slotWords + Math.ceil(openCount / 32),
    openGroups,
    ...(urgency === undefined ? {} : { urgency }),
    triedAfter: triedAfterOf(events, calls, byUrgency),
  }
}

function eventsOf(calls: readonly PlacedCall[]) {
  const returning = calls.flatMap(({ isKnown }, call) => (isKnown ? [call] : []))
  returning.sort((a, b) => calls[a]!.returnedAt - calls[b]!.returnedAt)
  const events = new Int32Array(calls.length + returning.length)
  const invokedAt = new Int32Array(calls.length)
  const returnsAt = new Float64Array(calls.length).fill(Number.POSITIVE_INFINITY)
  let next = 0
  let event = 0
  const placeReturnsBefore = (position: number) => {
    for (; next < returning.length && calls[returning[next]!]!.returnedAt < position; next += 1) {
      returnsAt[returning[next]!] = event
      events[event++] = ~returning[next]!
    }
  }
  calls.forEach((call, number) => {
    placeReturnsBefore(call.invokedAt)
    invokedAt[number] = event
    events[event++] = number
  })
  placeReturnsBefore(Number.POSITIVE_INFINITY)
  return { events, invokedAt, returnsAt }
}

function classesOf(calls: readonly PlacedCall[]) {
  const classes: ModelCall[] = []
  const numbers = new Map<string, number>()
  const classOf = new Int32Array(calls.length)
  calls.forEach((call, number) => {
    const { f, value, input, isKnown } = call
    const answer = isKnown ? valueText(value) : ''
    const text = `${f}\n${valueText(input)}\n${answer}`
    let known = numbers.get(text)
    if (known === undefined) {
      known = classes.length
      numbers.set(text, known)
      classes.push({ f, value, input, isKnown })
    }
    classOf[number] = known
  })
  return { classes, classOf }
}

/** Gives each call that returns the smallest slot that is free while it is pending. Returns their words. */
function giveSlots(events: Int32Array, calls: readonly PlacedCall[], bitOf: Int32Array): number {
  const free: number[] = []
  let slots = 0
  for (const event of events) {
    if (event < 0) free.push(bitOf[~event]!)
    else if (calls[event]!.isKnown) bitOf[event] = free.pop() ?? slots++
  }
  return Math.ceil(slots / 32)
}

function groupOpen(calls: readonly PlacedCall[], classOf: Int32Array): Int32Array[] {
  const groups = new Map<number, number[]>()
  calls.forEach(({ isKnown }, call) => {
    if (isKnown) return
    const group = groups.get(classOf[call]!)
    if (group === undefined) groups.set(classOf[call]!, [call])
    else group.push(call)
  })
  return [...groups.values()].map((group) => Int32Array.from(group))
}

function giveOpenBits(groups: readonly Int32Array[], firstBit: number, bitOf: Int32Array): number {
  let count = 0
  for (const group of groups) for (const call of group) bitOf[call] = firstBit + count++
  return count
}

/**
 * The search tries only the first pending call of a class, which must be the one that returns first: so
 * within a class, the smaller urgency goes to the earlier return.
 */
function urgencyOf({
  calls,
  model,
  invokedAt,
  returnsAt,
  classOf,
}: {
  readonly calls: readonly PlacedCall[]
  readonly model: Model<unknown>
  readonly invokedAt: Int32Array
  readonly returnsAt: Float64Array
  readonly classOf: Int32Array
}): Float64Array | undefined {
  if (model.urgency === undefined) return undefined
  const timed = calls.map((call, number) => ({
    ...call,
    invokedAt: invokedAt[number]!,
    returnsAt: returnsAt[number]!,
  }))
  const wished = model.urgency(timed)
  const byClass = new Map<number, number[]>()
  classOf.forEach((callClass, call) => {
    const members = byClass.get(callClass)
    if (members === undefined) byClass.set(callClass, [call])
    else members.push(call)
  })
  const urgency = new Float64Array(calls.length)
  for (const members of byClass.values()) {
    const sorted = members.map((call) => wished[call] ?? returnsAt[call]!).sort((a, b) => a - b)
    members.sort((a, b) => returnsAt[a]! - returnsAt[b]!)
    members.forEach((call, rank) => {
      urgency[call] = sorted[rank]!
    })
  }
  return urgency
}

/** Keeps the pending calls sorted once, to note after which each must be put in when it is invoked. */
function triedAfterOf(
  events: Int32Array,
  calls: readonly PlacedCall[],
  compare: (a: number, b: number) => number,
): Int32Array {
  const triedAfter = new Int32Array(calls.length).fill(-1)
  const pending: number[] = []
  for (const event of events) {
    if (event < 0) pending.splice(pending.indexOf(~event), 1)
    else if (calls[event]!.isKnown) {
      let at = pending.length
      while (at > 0 && compare(pending[at - 1]!, event) > 0) at -= 1
      triedAfter[event] = at === 0 ? -1 : pending[at - 1]!
      pending.splice(at, 0, event)
    }
  }
  return triedAfter
}
