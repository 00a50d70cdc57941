import { dirname } from 'node:path'
import { type Recording, startRecording } from 'tidemark/history'
import { measure as measureThreads } from '../driver/measure.js'
import { committedOf, groupResult } from '../driver/result.js'
import { Random } from '../generators/random.js'
import { targetNamed } from '../targets/registry.js'
import type { Database, ValueKind } from '../targets/target.js'
import { InsertSequence } from './inserts.js'
import { runAlone } from './alone.js'
import { type Loaded, timedLoad } from './load.js'
import type { RunResult } from './result.js'
import type { RunSettings } from './settings.js'
import { type ThreadContext, threadContext } from './thread.js'
import { verify } from './verify.js'
import type { Role } from './work.js'
import type { WorkerTask } from './worker.js'

/** Is told what a run is doing. */
export interface RunObserver {
  loading(loaded: number): void
  warmingUp(): void
  timing(seconds: number, committed: number): void
  verifying(): void
  writingHistory(): void
}

/**
 * Loads a database, lets the threads work on it, and checks it. An abort of `interrupt` ends the run early
 * but in order; there is no result when it comes before the timed phase.
 */
export async function runOnce<K extends ValueKind>(
  settings: RunSettings & { readonly value: K },
  observer: RunObserver,
  interrupt: AbortSignal,
): Promise<RunResult | undefined> {
  const target = targetNamed(settings.target)
  if (!target.traits.hasThreads) return await runAlone(settings, observer, interrupt)
  const database = await target.open(settings)
  try {
    const session = await database.session<K>(settings.value)
    const lanes = (settings.threads + settings.longReaders) * settings.inFlight
    const inserts = InsertSequence.create(settings.records, lanes)
    const context = threadContext<K>({ session, settings, random: new Random(settings.seed), inserts })
    const loaded = await timedLoad(context, database, (count) => observer.loading(count), interrupt)
    if (interrupt.aborted) return undefined
    await using recording = await recordingOf(settings)
    const measured = await measure(context, { database, recording }, observer, interrupt)
    if (measured === undefined) return undefined
    if (recording !== undefined) observer.writingHistory()
    const history = recording && { history: await recording.write(settings.history!) }
    observer.verifying()
    const records = inserts.acknowledged()
    await verify(context, records)
    return { settings, ...loaded, ...measured, records, ...history, interrupted: interrupt.aborted }
  } finally {
    await database.close()
  }
}

/** Beside the history, where there must be room for it anyway. */
async function recordingOf({ history, threads, longReaders }: RunSettings): Promise<Recording | undefined> {
  if (history === undefined) return undefined
  return startRecording({ folder: dirname(history), maxThreads: threads + longReaders })
}

/** Checkpoints, one after the other from the beginning on, while others work. */
class Checkpoints {
  readonly #running: Promise<void>
  #isEnding = false

  constructor(database: Database) {
    if (database.checkpoint === undefined) throw new Error('the target has no checkpoints')
    const checkpoint = database.checkpoint.bind(database)
    this.#running = (async () => {
      while (!this.#isEnding) await checkpoint()
    })()
    // Rejects `end`, not the process.
    this.#running.catch(() => {})
  }

  /** Resolves when the last is done; rejects if one has failed. */
  async end(): Promise<void> {
    this.#isEnding = true
    await this.#running
  }
}

interface Measurable {
  readonly database: Database
  readonly recording: Recording | undefined
}

type Measured = Omit<RunResult, 'settings' | 'records' | 'history' | 'interrupted' | keyof Loaded>

async function measure<V>(
  { settings, inserts }: ThreadContext<V>,
  { database, recording }: Measurable,
  observer: RunObserver,
  interrupt: AbortSignal,
): Promise<Measured | undefined> {
  const { threads, longReaders, warmup, seconds } = settings
  const roles: Role[] = [
    ...Array<Role>(threads).fill('worker'),
    ...Array<Role>(longReaders).fill('longReader'),
  ]
  const shared = {
    settings,
    handle: database.handle,
    inserts: inserts.buffer,
    recording: recording?.handle,
  }
  const checkpoints = settings.checkpoints === 'running' ? new Checkpoints(database) : undefined
  const measuring = measureThreads(
    {
      script: new URL('./worker.js', import.meta.url),
      tasks: roles.map((role, thread): Omit<WorkerTask, 'control'> => ({ ...shared, thread, role })),
      warmup,
      seconds,
      counters: () => database.counters(),
      onWarmup: () => observer.warmingUp(),
      onTick: (elapsed, reports) => observer.timing(elapsed, committedOf(reports.slice(0, threads))),
    },
    interrupt,
  )
  let measured: Awaited<typeof measuring>
  try {
    measured = await measuring
  } finally {
    await checkpoints?.end()
  }
  return (
    measured && {
      ...measured.timed,
      ...groupResult(measured.reports.slice(0, threads)),
      ...(longReaders > 0 && { longReaders: groupResult(measured.reports.slice(threads)) }),
    }
  )
}
