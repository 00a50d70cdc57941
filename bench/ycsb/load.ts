import { setImmediate } from 'node:timers/promises'
import type { ThreadContext } from './thread.js'

const recordsPerTransaction = 10
const transactionsPerTurn = 1000

/**
 * Puts all records into an empty database from the calling thread; tells how far it is, and stops early when
 * asked.
 */
export async function load<V>(
  { session, settings, random, keys, form }: ThreadContext<V>,
  onProgress: (loaded: number) => void,
  signal: AbortSignal,
): Promise<void> {
  let next = 0
  const run = session.readWrite((operations) => {
    const end = Math.min(next + recordsPerTransaction, settings.records)
    for (let number = next; number < end; number += 1) operations.put(keys.keyOf(number), form.make(random))
  })
  while (next < settings.records && !signal.aborted) {
    for (let turn = 0; turn < transactionsPerTurn && next < settings.records; turn += 1) {
      run()
      next += recordsPerTransaction
    }
    onProgress(Math.min(next, settings.records))
    // Lets a signal in.
    await setImmediate()
  }
}
