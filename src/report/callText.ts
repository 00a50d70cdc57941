import type { SeenCall } from '../check/verdict.js'
import type { Value } from '../history/operation.js'
import { isList, valueText } from '../history/valueText.js'

/** A call as people read it: a transaction step by step (`append 5 1`, `r 3 [1 2]`), others as one. */
export function callSteps(f: string, value: Value): string[] {
  if (isList(value) && value.length > 0 && value.every(isStep)) {
    return value.map(([step, key, held]) => `${step} ${valueText(key)} ${valueText(held)}`)
  }
  return [value === null ? f : `${f} ${valueText(value)}`]
}

type Step = readonly [string, Value, Value]

function isStep(value: Value): value is Step {
  return isList(value) && value.length === 3 && typeof value[0] === 'string'
}

/** `steps` joined to one line of at most `length` characters. */
export function callLine(f: string, value: Value, length: number): string {
  return shortened(callSteps(f, value).join(', '), length)
}

/** Of a list both ends tell something: the middle goes. */
export function shortened(text: string, length: number): string {
  if (text.length <= length) return text
  const tail = Math.floor(length / 3)
  return `${text.slice(0, length - tail - 1)}…${text.slice(text.length - tail)}`
}

/** `lines 12 and 20`, or the indexes of a history that was not read from a file. */
export function placeText({ invocation, completion }: SeenCall): string {
  const places = completion === undefined ? [invocation] : [invocation, completion]
  const lines = places.flatMap(({ line }) => (line === undefined ? [] : [line]))
  const [word, numbers] =
    lines.length === places.length ? ['line', lines] : ['operation', places.map(({ index }) => index)]
  return numbers.length === 1 ? `${word} ${numbers[0]}` : `${word}s ${numbers.join(' and ')}`
}

/** How it ended, in a word. */
export function outcomeText({ completion }: SeenCall): string {
  if (completion === undefined) return 'never completed'
  return completion.type === 'info' ? 'unknown' : completion.type === 'fail' ? 'failed' : 'ok'
}
