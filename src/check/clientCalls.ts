import { HistoryFormatError } from '../history/errors.js'
import { type History, typeFail, typeInvoke, typeOk } from '../history/history.js'
import type { Value } from '../history/operation.js'
import { isList, valueText } from '../history/valueText.js'

/** A call as checkers of simple workloads read it, with the positions of its operations. */
export interface ClientCall {
  readonly f: string
  /** `unknown`: it ended in `info`, or the history ends first. */
  readonly outcome: 'ok' | 'fail' | 'unknown'
  /** What was asked. */
  readonly input: Value
  /** The answer if the outcome is `ok`, else what was asked. */
  readonly value: Value
  readonly invokedAt: number
  /** -1 when the outcome is unknown. */
  readonly returnedAt: number
}

/**
 * The calls of clients in the order of their invocations.
 *
 * @param functions those of the workload `name`
 * @throws HistoryFormatError when a call is of another function
 */
export function clientCalls(history: History, functions: readonly string[], name: string): ClientCall[] {
  const { types, functions: functionAt, names } = history.columns
  const known = functions.map((f) => `'${f}'`).join(', ')
  const calls: ClientCall[] = []
  for (let position = 0; position < history.size; position += 1) {
    if (types.data[position] !== typeInvoke || history.isNemesis(position)) continue
    const f = names[functionAt.data[position]!]!
    if (!functions.includes(f)) {
      throw formatError(history, position, `a function of the workload '${name}' (${known})`, `'${f}'`)
    }
    const partner = history.partner(position)
    const type = partner < 0 ? undefined : types.data[partner]
    const outcome = type === typeOk ? 'ok' : type === typeFail ? 'fail' : 'unknown'
    const input = history.value(position)
    calls.push({
      f,
      outcome,
      input,
      value: outcome === 'ok' ? history.value(partner) : input,
      invokedAt: position,
      returnedAt: outcome === 'unknown' ? -1 : partner,
    })
  }
  return calls
}

/** An error that names an operation of the history by its position. */
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

/** Where the value of a call stands: its answer, or its invocation if there is none. */
export function valuePosition({ outcome, invokedAt, returnedAt }: ClientCall): number {
  return outcome === 'ok' ? returnedAt : invokedAt
}

/** The calls of one object, and which it is when the history is about several. */
export interface KeyedCalls {
  readonly key?: Value
  readonly calls: readonly ClientCall[]
}

/**
 * The calls by key when the values are tuples of a key and a value, as Jepsen's independent histories have
 * them: then each key is an object of its own. All calls together otherwise.
 *
 * @param keyed by default, whether all values look like such tuples
 */
export function callsByKey(history: History, calls: readonly ClientCall[], keyed?: boolean): KeyedCalls[] {
  if (!(keyed ?? looksKeyed(calls))) return [{ calls }]
  const parts = new Map<string, { key: Value; calls: ClientCall[] }>()
  for (const call of calls) {
    const [key, input] = requireTuple(history, call.input, call.invokedAt)
    const [, value] =
      call.outcome === 'ok' ? requireTuple(history, call.value, call.returnedAt) : [key, input]
    const text = valueText(key)
    let part = parts.get(text)
    if (part === undefined) {
      part = { key, calls: [] }
      parts.set(text, part)
    }
    part.calls.push({ ...call, input, value })
  }
  return [...parts.values()]
}

/** A compare-and-set of one register has two values too: it counts when its second is a pair again. */
function looksKeyed(calls: readonly ClientCall[]): boolean {
  return calls.length > 0 && calls.every(({ f, input }) => isPair(input) && (f !== 'cas' || isPair(input[1])))
}

function requireTuple(history: History, value: Value, position: number): readonly [Value, Value] {
  if (isPair(value)) return value
  throw formatError(history, position, 'a tuple [key value], as in the other operations', valueText(value))
}

export function isPair(value: Value): value is readonly [Value, Value] {
  return isList(value) && value.length === 2
}
