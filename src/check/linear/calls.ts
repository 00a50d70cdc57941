import type { History } from '../../history/history.js'
import { valueText } from '../../history/valueText.js'
import { type ClientCall, clientCalls, formatError, valuePosition } from '../clientCalls.js'
import type { Model, ModelCall } from './model.js'

/** A call that may have taken effect. */
export interface PlacedCall extends ClientCall, ModelCall {}

/**
 * The calls that may have taken effect. Those that failed did not, and are left out.
 *
 * @throws HistoryFormatError when a call is none of the model
 */
export function placedCalls(history: History, model: Model<unknown>): ClientCall[] {
  return clientCalls(history, model.functions, model.name).filter(({ outcome }) => outcome !== 'fail')
}

/** @throws HistoryFormatError when the model expected another value */
export function forModel(history: History, call: ClientCall, model: Model<unknown>): PlacedCall {
  const placed: PlacedCall = { ...call, isKnown: call.outcome === 'ok' }
  const expected = model.expected?.(placed)
  if (expected === undefined) return placed
  throw formatError(history, valuePosition(call), expected, valueText(call.value))
}
