import { WrongResultError } from '../driver/errors.js'
import type { ThreadContext } from './thread.js'
import { initialBalance } from './values.js'

/**
 * Fails unless the database holds exactly the records that were loaded and inserted, each once and well-
 * formed, and as much money as was put in where there is any.
 */
export async function verify<V>({ session, keys, form }: ThreadContext<V>, expected: number): Promise<void> {
  const seen = new Uint8Array(expected)
  let count = 0
  let money = 0
  await session.entries((key, value) => {
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
    money += form.money?.(value) ?? 0
  })
  if (count !== expected) {
    throw new WrongResultError(
      `${expected - count} of ${expected} records are missing, the first is ${seen.indexOf(0)}`,
    )
  }
  if (form.money !== undefined && money !== expected * initialBalance) {
    throw new WrongResultError(`the accounts hold ${money} in all, not ${expected * initialBalance}`)
  }
}
