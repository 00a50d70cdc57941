import type { NewOperation, Value } from '../../src/history/operation.js'
import { valueText } from '../../src/history/valueText.js'
import type { AtomicObject } from './atomicObjects.js'

interface OracleCall {
  readonly f: string
  readonly input: Value
  readonly invokedAt: number
  /** Infinite when it need not take effect. */
  readonly returnedAt: number
  /** Undefined when nobody knows it. */
  readonly answer: Value | undefined
}

/**
 * Whether some order of the calls explains their answers, found by trying every order: no memory of what was
 * tried, no cleverness. For a handful of calls.
 */
export function hasLinearization(object: AtomicObject, operations: readonly NewOperation[]): boolean {
  return hasOrder(object, callsOf(operations))
}

/** The position of the first return that no order explains, or -1. */
export function firstUnexplained(object: AtomicObject, operations: readonly NewOperation[]): number {
  const calls = callsOf(operations)
  return operations.findIndex(({ type }, last) => type === 'ok' && !hasOrder(object, callsUpTo(calls, last)))
}

/** What returns later need not have taken effect yet; if it has, its answer is that of the future. */
function callsUpTo(calls: readonly OracleCall[], last: number): OracleCall[] {
  return calls
    .filter(({ invokedAt }) => invokedAt <= last)
    .map((call) => (call.returnedAt <= last ? call : { ...call, returnedAt: Number.POSITIVE_INFINITY }))
}

function hasOrder(object: AtomicObject, calls: readonly OracleCall[]): boolean {
  const explore = (state: Value, left: readonly OracleCall[]): boolean => {
    const firstReturn = Math.min(...left.map(({ returnedAt }) => returnedAt))
    if (firstReturn === Number.POSITIVE_INFINITY) return true
    return left.some((call) => {
      if (call.invokedAt > firstReturn) return false
      return nextStates(object, state, call).some((next) =>
        explore(
          next,
          left.filter((other) => other !== call),
        ),
      )
    })
  }
  return explore(object.initial, calls)
}

function callsOf(operations: readonly NewOperation[]): OracleCall[] {
  return operations.flatMap(({ type, process, f, value: input }, invokedAt): OracleCall[] => {
    if (type !== 'invoke') return []
    const returnedAt = operations.findIndex(
      (later, position) => position > invokedAt && later.process === process && later.type !== 'invoke',
    )
    const completion = operations[returnedAt]
    if (completion?.type === 'fail') return []
    return completion?.type === 'ok'
      ? [{ f, input, invokedAt, returnedAt, answer: completion.value }]
      : [{ f, input, invokedAt, returnedAt: Number.POSITIVE_INFINITY, answer: undefined }]
  })
}

/** An unordered queue may answer anything it holds, so each of its elements is tried as the largest. */
function nextStates(object: AtomicObject, state: Value, call: OracleCall): Value[] {
  const orders =
    object.name === 'unordered-queue' && call.f === 'dequeue'
      ? (state as readonly Value[]).map((element, at) => [
          element,
          ...(state as readonly Value[]).toSpliced(at, 1),
        ])
      : [state]
  return orders.flatMap((order) => {
    const result = object.apply(order, call.f, call.input)
    if (result === undefined) return []
    if (call.answer === undefined) return [result.state]
    return sortedText(result.answer) === sortedText(call.answer) ? [result.state] : []
  })
}

/** Elements of a set come in any order; pairs of a compare-and-set are answered as they were asked. */
function sortedText(value: Value): string {
  return Array.isArray(value) ? [...new Set(value.map(valueText))].sort().join(' ') : valueText(value)
}
