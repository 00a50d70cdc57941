import { HistoryFormatError } from '../../history/errors.js'
import { type History, typeFail, typeInvoke, typeOk } from '../../history/history.js'
import type { Value } from '../../history/operation.js'
import { isList, valueText } from '../../history/valueText.js'
import type { Model, ModelCall } from './model.js'

/** A call of the history that may have taken effect, with the positions of its operations. */
export interface PlacedCall extends ModelCall {
  readonly invokedAt: number
  /** -1 when the outcome is unknown. */
  readonly returnedAt: number
}

/**
 * The calls of clients that may have taken effect, in the order of their invocations. Those that failed did
 * not, and are left out.
 *
 * @throws HistoryFormatError when a call is none of the model
 */
export function callsOf(history: History, model: Model<unknown>): PlacedCall[] {
  const { types } = history.columns
  const calls: PlacedCall[] = []
  for (let position = 0; position < history.size; position += 1) {
    if (types.data[position] !== typeInvoke || history.isNemesis(position)) continue
    const partner = history.partner(position)
    const type = partner < 0 ? undefined : types.data[partner]
    requireFunction(history, position, model)
    if (type === typeFail) continue
    const input = history.value(position)
    calls.push(
      type === typeOk
        ? placed(history, { invokedAt: position, returnedAt: partner, input })
        : {
            f: functionOf(history, position),
            value: input,
            input,
            isKnown: false,
            invokedAt: position,
            returnedAt: -1,
          },
    )
  }
  return calls
}

function placed(
  history: History,
  { invokedAt, returnedAt, input }: { invokedAt: number; returnedAt: number; input: Value },
): PlacedCall {
  const f = functionOf(history, invokedAt)
  return { f, value: history.value(returnedAt), input, isKnown: true, invokedAt, returnedAt }
}

function functionOf({ columns }: History, position: number): string {
  return columns.names[columns.functions.data[position]!]!
}

function requireFunction(history: History, position: number, model: Model<unknown>): void {
  const f = functionOf(history, position)
  if (model.functions.includes(f)) return
  const known = model.functions.map((name) => `'${name}'`).join(', ')
  throw formatError(history, position, `a function of the model '${model.name}' (${known})`, `'${f}'`)
}

/** @throws HistoryFormatError when the model expected another value */
export function requireShape(history: History, call: PlacedCall, model: Model<unknown>): void {
  const expected = model.expected?.(call)
  if (expected === undefined) return
  const position = call.isKnown ? call.returnedAt : call.invokedAt
  throw formatError(history, position, expected, valueText(call.value))
}

/** An error that names an operation of the history. */
export function formatError(
  history: History,
  position: number,
  expected: string,
  found: string,
): HistoryFormatError {
  const { index, line } = history.operation(position)
  const place = {
    ...(history.file === undefined ? {} : { file: history.file }),
    ...(line === undefined ? {} : { line }),
  }
  return new HistoryFormatError(place, expected, `${found} (operation ${index})`)
}

/**
 * Whether the values are tuples of a key and a value, as Jepsen's independent histories have them: then each
 * key is an object of its own. A compare-and-set of one register has two values too, so it only counts when
 * its second is a pair again.
 */
export function isKeyed(calls: readonly PlacedCall[]): boolean {
  if (calls.length === 0) return false
  return calls.every(({ f, input }) => {
    if (!isPair(input)) return false
    return f !== 'cas' || isPair(input[1])
  })
}

/** The calls by the text of their key, each without it. Keys in the order of their first calls. */
export function byKey(
  history: History,
  calls: readonly PlacedCall[],
): Map<string, { key: Value; calls: PlacedCall[] }> {
  const parts = new Map<string, { key: Value; calls: PlacedCall[] }>()
  for (const call of calls) {
    const [key, input] = requirePair(history, call.input, call.invokedAt)
    const [, value] = call.isKnown ? requirePair(history, call.value, call.returnedAt) : [key, input]
    const text = valueText(key)
    let part = parts.get(text)
    if (part === undefined) parts.set(text, (part = { key, calls: [] }))
    part.calls.push({ ...call, input, value })
  }
  return parts
}

function requirePair(history: History, value: Value, position: number): readonly [Value, Value] {
  if (isPair(value)) return value
  throw formatError(history, position, 'a tuple [key value], as in the other operations', valueText(value))
}

export function isPair(value: Value): value is readonly [Value, Value] {
  return isList(value) && value.length === 2
}
