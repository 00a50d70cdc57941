import { setImmediate } from 'node:timers/promises'
import type { Database, Traits } from '../targets/target.js'
import type { RunResult } from './result.js'
import type { ThreadContext } from './thread.js'

/** In memory, small transactions show what they cost; a target that syncs each would load for minutes. */
const recordsPerTransaction: Readonly<Record<Traits['durability'], number>> = {
  memory: 10,
  async: 1000,
  sync: 1000,
}
const recordsPerTurn = 10_000

/**
 * Puts all records into an empty database from the calling thread; tells how far it is, and stops early when
 * asked.
 */
export async function load<V>(
  { session, settings, random, keys, form, durability }: ThreadContext<V>,
  onProgress: (loaded: number) => void,
  signal: AbortSignal,
): Promise<void> {
  const { records } = settings
  const batch = recordsPerTransaction[durability]
  let next = 0
  const run = session.readWrite(
    (operations) => {
      const end = Math.min(next + batch, records)
      for (let number = next; number < end; number += 1)
        operations.insert(keys.keyOf(number), form.make(random))
    },
    { isSingle: false },
  )
  while (next < records && !signal.aborted) {
    for (const end = next + recordsPerTurn; next < end && next < records; next += batch) {
      const pending = run()
      if (typeof pending === 'object') await pending
    }
    onProgress(Math.min(next, records))
    // Lets a signal in.
    await setImmediate()
  }
}

export type Loaded = Pick<RunResult, 'loadSeconds' | 'bytesPerRecord'>

export async function timedLoad<V>(
  context: ThreadContext<V>,
  database: Database,
  onProgress: (loaded: number) => void,
  interrupt: AbortSignal,
): Promise<Loaded> {
  const emptyBytes = database.counters().memoryBytes
  const started = performance.now()
  await load(context, onProgress, interrupt)
  const loadSeconds = (performance.now() - started) / 1000
  const bytesPerRecord = (database.counters().memoryBytes - emptyBytes) / context.settings.records
  return { loadSeconds, bytesPerRecord }
}
