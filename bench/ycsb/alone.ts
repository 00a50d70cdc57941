import { UsageError } from '../command/options.js'
import { measure } from '../driver/measure.js'
import { committedOf, groupResult } from '../driver/result.js'
import { ResidentMemory } from '../targets/resident.js'
import type { AloneTask } from './aloneWorker.js'
import { AloneFacts } from './aloneFacts.js'
import type { RunResult } from './result.js'
import type { RunObserver } from './run.js'
import type { RunSettings } from './settings.js'

/**
 * A run on a target that only the thread can use which opened it: that thread loads, works and checks. The
 * calling thread only steers it.
 */
export async function runAlone(
  settings: RunSettings,
  observer: RunObserver,
  interrupt: AbortSignal,
): Promise<RunResult | undefined> {
  if (settings.threads + settings.longReaders !== 1) {
    throw new UsageError(`${settings.target} works on one thread only, so run it with --threads 1`)
  }
  const facts = AloneFacts.create()
  const memory = new ResidentMemory()
  observer.loading(0)
  const measured = await measure(
    {
      script: new URL('./aloneWorker.js', import.meta.url),
      tasks: [{ settings, facts: facts.buffer } satisfies Omit<AloneTask, 'control'>],
      warmup: settings.warmup,
      seconds: settings.seconds,
      counters: () => memory.counters(),
      onWarmup: () => observer.warmingUp(),
      onTick: (elapsed, reports) => observer.timing(elapsed, committedOf(reports)),
    },
    interrupt,
  )
  if (measured === undefined) return undefined
  const { loadSeconds, bytesPerRecord, records } = facts
  return {
    settings,
    loadSeconds,
    bytesPerRecord,
    ...measured.timed,
    ...groupResult(measured.reports),
    records,
    interrupted: interrupt.aborted,
  }
}
