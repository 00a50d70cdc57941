import type { History } from '../../history/history.js'
import type { Value } from '../../history/operation.js'
import type { CheckOptions } from '../options.js'
import type { Verdict } from '../verdict.js'
import { checkLinearizable } from './linearizable.js'
import type { Model } from './model.js'
import type { RegisterOptions } from './registers.js'

export interface RegisterCheckOptions extends CheckOptions, RegisterOptions {
  /** Whether values are tuples of a key and a value. By default, whether all look so. */
  readonly keyed?: boolean
}

/**
 * Judges registers. Unless `nullReads` says what a read of null means, it is taken as Knossos takes it, and
 * the verdict has a note if that alone makes the history valid.
 */
export function checkRegisters(
  history: History,
  model: (options: RegisterOptions) => Model<Value>,
  options: RegisterCheckOptions,
): Verdict {
  const verdict = checkLinearizable(history, { ...options, model: model(options) })
  if (options.nullReads !== undefined || verdict.valid !== true || !hasNullRead(history)) return verdict
  const strict = checkLinearizable(history, { ...options, model: model({ ...options, nullReads: 'value' }) })
  const [found] = strict.anomalies
  if (found === undefined) return verdict
  const note =
    'Reads of null are taken as reads of an unknown value, as in Knossos. If null is a value ' +
    `(nullReads: 'value'), the history is not linearizable: ${found.sentence}`
  return { ...verdict, notes: [...verdict.notes, note], seconds: verdict.seconds + strict.seconds }
}

function hasNullRead(history: History): boolean {
  for (let position = 0; position < history.size; position += 1) {
    if (history.type(position) === 'ok' && isNull(history.value(position))) return true
  }
  return false
}

/** Also in a tuple of a key and a value. */
function isNull(value: Value): boolean {
  return value === null || (Array.isArray(value) && value[1] === null)
}
