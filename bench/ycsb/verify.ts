import { WrongResultError } from '../driver/errors.js'
import type { ThreadContext } from './thread.js'

/**
 * Fails unless the database holds exactly the records that were loaded and inserted, each once and well-
 * formed.
 */
export function verify<V>({ session, keys, form }: ThreadContext<V>, expected: number): void {
  const seen = new Uint8Array(expected)
  let count = 0
  session.entries((key, value) => {
    const number = keys.numberOf(key)
    if (number === undefined || !Number.isInteger(number) || number < 0 || number >= expected) {
      throw new WrongResultError(`the database holds a record that nobody wrote, with key ${String(key)}`)
    }
    if (seen[number] === 1) throw new WrongResultError(`record ${number} was found twice`)
    if (!form.isWellFormed(value)) {
      throw new WrongResultError(`record ${number} is damaged: ${JSON.stringify(value).slice(0, 200)}`)
    }
    seen[number] = 1
    count += 1
  })
  if (count !== expected) {
    throw new WrongResultError(
      `${expected - count} of ${expected} records are missing, the first is ${seen.indexOf(0)}`,
    )
  }
}
