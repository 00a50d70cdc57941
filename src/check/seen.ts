import { type History, typeFail, typeInvoke, typeOk } from '../history/history.js'
import { valueText } from '../history/valueText.js'
import type { Counts, SeenCall, SeenOperation } from './verdict.js'

/** A call as an explanation shows it, by the position of its invocation. */
export function seenCall(history: History, invokedAt: number, label: string): SeenCall {
  const invocation = history.operation(invokedAt)
  const partner = history.partner(invokedAt)
  const completion = partner < 0 ? undefined : history.operation(partner)
  return {
    label,
    process: invocation.process,
    f: invocation.f,
    value: completion?.type === 'ok' ? completion.value : invocation.value,
    invocation: seenOperation(history, invokedAt),
    ...(completion === undefined ? {} : { completion: seenOperation(history, partner) }),
  }
}

function seenOperation(history: History, position: number): SeenOperation {
  const { index, type, line, time } = history.operation(position)
  return {
    index,
    type,
    ...(line === undefined ? {} : { line }),
    ...(time === undefined ? {} : { time }),
  }
}

/** `T3 (read 5 by process 2)`. */
export function callText({ label, f, value, process }: SeenCall): string {
  return `${label} (${f}${value === null ? '' : ` ${shortText(valueText(value))}`} by process ${process})`
}

/** `operation 17`, with the line if the history was read from a file. */
export function operationText({ index, line }: SeenOperation): string {
  return line === undefined ? `operation ${index}` : `operation ${index} (line ${line})`
}

const shownLength = 120

export function shortText(text: string): string {
  return text.length <= shownLength ? text : `${text.slice(0, shownLength)}...`
}

export function countCalls(history: History): Counts {
  const { types } = history.columns
  let calls = 0
  let ok = 0
  let failed = 0
  for (let position = 0; position < history.size; position += 1) {
    if (types.data[position] !== typeInvoke || history.isNemesis(position)) continue
    calls += 1
    const partner = history.partner(position)
    const type = partner < 0 ? undefined : types.data[partner]
    if (type === typeOk) ok += 1
    else if (type === typeFail) failed += 1
  }
  return { calls, ok, failed, unknown: calls - ok - failed }
}
