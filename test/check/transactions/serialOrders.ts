import type { Call, History, Value } from '../../../src/history.js'

type Micro = readonly [string, Value, Value]

/**
 * True when some order of the transactions, in which none comes before one that had ended before it began,
 * explains every read. Those with unknown outcome may be left out. By trying all orders: for a few only.
 */
export function hasStrictSerialOrder(history: History): boolean {
  const calls = [...history.calls()].filter(({ completion }) => completion?.type !== 'fail')
  return canPlace(calls, new Map())
}

function canPlace(calls: readonly Call[], state: ReadonlyMap<Value, Value>): boolean {
  if (calls.every(({ completion }) => completion?.type !== 'ok')) return true
  const firstEnd = Math.min(...calls.map(endOf))
  return calls.some((call, i) => {
    if (call.invocation.index > firstEnd) return false
    const after = run(call, state)
    return after !== undefined && canPlace(calls.toSpliced(i, 1), after)
  })
}

function endOf({ completion }: Call): number {
  return completion?.type === 'ok' ? completion.index : Number.POSITIVE_INFINITY
}

/** The state after a transaction, or `undefined` when it would have read something else. */
function run(call: Call, before: ReadonlyMap<Value, Value>): Map<Value, Value> | undefined {
  const isOk = call.completion?.type === 'ok'
  const state = new Map(before)
  const { value: micros } = isOk && call.completion !== undefined ? call.completion : call.invocation
  for (const [f, key, value] of micros as readonly Micro[]) {
    const held = state.get(key) ?? null
    if (f === 'append') state.set(key, [...((held ?? []) as Value[]), value])
    else if (f === 'w') state.set(key, value)
    else if (isOk && JSON.stringify(held ?? []) !== JSON.stringify(value ?? [])) return undefined
  }
  return state
}
