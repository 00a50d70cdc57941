import type { Value } from './operation.js'

/** A value as EDN. Equal values have equal texts: entries of maps and sets are sorted by theirs. */
export function valueText(value: Value): string {
  if (value === null) return 'nil'
  if (typeof value === 'string') return JSON.stringify(value)
  if (typeof value === 'number') return numberText(value)
  if (typeof value !== 'object') return String(value)
  if (isList(value)) return `[${value.map(valueText).join(' ')}]`
  if (value instanceof Map) {
    const entries = [...value].map(([key, held]) => `${valueText(key as Value)} ${valueText(held as Value)}`)
    return `{${entries.sort().join(', ')}}`
  }
  return `#{${[...(value as ReadonlySet<Value>)].map(valueText).sort().join(' ')}}`
}

export function isList(value: Value): value is readonly Value[] {
  return Array.isArray(value)
}

function numberText(value: number): string {
  if (Number.isNaN(value)) return '##NaN'
  if (!Number.isFinite(value)) return value > 0 ? '##Inf' : '##-Inf'
  return Object.is(value, -0) ? '-0.0' : String(value)
}
