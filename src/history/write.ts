import type { NewOperation, Value } from './operation.js'
import { isList, valueText } from './valueText.js'

/** An operation as one line of JSON, without the line's end. A missing index is left out. */
export function operationToJson(operation: NewOperation): string {
  const { index, time, error, tid } = operation
  const fields = [
    ...(index === undefined ? [] : [`"index":${index}`]),
    ...(time === undefined ? [] : [`"time":${time}`]),
    `"type":"${operation.type}"`,
    `"process":${JSON.stringify(operation.process)}`,
    `"f":${JSON.stringify(operation.f)}`,
    `"value":${jsonText(operation.value)}`,
    ...(error === undefined ? [] : [`"error":${jsonText(error)}`]),
    ...(tid === undefined ? [] : [`"tid":${tid}`]),
  ]
  return `{${fields.join(',')}}`
}

/** An operation as one EDN map, without the line's end. Names of functions are keywords, as in Jepsen. */
export function operationToEdn(operation: NewOperation): string {
  const { index, time, error, tid, process } = operation
  const fields = [
    ...(index === undefined ? [] : [`:index ${index}`]),
    ...(time === undefined ? [] : [`:time ${time}`]),
    `:type :${operation.type}`,
    `:process ${typeof process === 'number' ? process : nameText(process)}`,
    `:f ${nameText(operation.f)}`,
    `:value ${ednText(operation.value)}`,
    ...(error === undefined ? [] : [`:error ${valueText(error)}`]),
    ...(tid === undefined ? [] : [`:tid ${tid}`]),
  ]
  return `{${fields.join(', ')}}`
}

/** JSON has no sets and its keys are strings: sets become arrays, other keys their EDN text. */
function jsonText(value: Value): string {
  if (typeof value === 'bigint') return String(value)
  if (value === null || typeof value !== 'object') return JSON.stringify(value)
  if (isList(value)) return `[${value.map(jsonText).join(',')}]`
  if (value instanceof Map) {
    const entries = [...(value as ReadonlyMap<Value, Value>)].map(
      ([key, held]) => `${JSON.stringify(typeof key === 'string' ? key : valueText(key))}:${jsonText(held)}`,
    )
    return `{${entries.join(',')}}`
  }
  return `[${[...(value as ReadonlySet<Value>)].map(jsonText).join(',')}]`
}

function ednText(value: Value): string {
  return isList(value) ? `[${value.map(microText).join(' ')}]` : valueText(value)
}

function microText(value: Value): string {
  if (!isList(value) || value.length !== 3 || typeof value[0] !== 'string') return valueText(value)
  return `[${nameText(value[0])} ${valueText(value[1]!)} ${valueText(value[2]!)}]`
}

/** As a keyword when it can be one. */
function nameText(name: string): string {
  return /^[A-Za-z*!_?<>=+-][\w*!?<>=+.-]*$/.test(name) ? `:${name}` : JSON.stringify(name)
}
