import { setTimeout as sleep } from 'node:timers/promises'
import { dirname } from 'node:path'
import { Worker } from 'node:worker_threads'
import { joinRecording, type Recording, startRecording, type WrittenHistory } from 'tidemark/history'
import { WrongResultError } from '../driver/errors.js'
import { type Adapter, adapterAt, type AdapterStore } from './adapter.js'
import { runTogether } from './client.js'
import { Tally } from './control.js'
import type { RecordSettings } from './options.js'
import type { ClientTask } from './worker.js'
import { workloads } from './workloads.js'

const tickMilliseconds = 100
/** How long a client may take to end its last operation. */
const stopSecondsMax = 60

export interface RecordedRun {
  readonly history: WrittenHistory
  readonly seconds: number
  readonly ok: number
  readonly failed: number
  readonly unknown: number
}

export interface RecordObserver {
  running(seconds: number, tally: Tally): void
  writing(): void
}

/** Opens the store, lets clients work on it, and writes what they saw. */
export async function runRecorded(
  settings: RecordSettings,
  observer: RecordObserver,
  interrupt: AbortSignal,
): Promise<RecordedRun> {
  const adapter = await adapterAt(settings.adapter)
  const store = await adapter.open()
  try {
    await using recording = await startRecording({
      folder: dirname(settings.out),
      maxThreads: settings.threads,
    })
    await fill(store, settings)
    const tally = Tally.create(settings.threads, settings.operations)
    const started = performance.now()
    const error = await runClients({ adapter, store, recording, tally, settings }, observer, interrupt)
    const seconds = (performance.now() - started) / 1000
    if (tally.count('ok') === 0)
      throw new WrongResultError(`no operation succeeded; the last error was: ${error ?? 'none'}`)
    observer.writing()
    const history = await recording.write(settings.out)
    const [ok, failed, unknown] = [tally.count('ok'), tally.count('fail'), tally.count('info')]
    return { history, seconds, ok, failed, unknown }
  } finally {
    await store.close?.()
  }
}

async function fill(store: AdapterStore, { workload, keys }: RecordSettings): Promise<void> {
  const entries = workloads[workload].initial?.(keys)
  if (entries === undefined) return
  await store.transaction(async (tx) => {
    for (const [key, value] of entries) await tx.put(key, value)
  })
}

interface Run {
  readonly adapter: Adapter
  readonly store: AdapterStore
  readonly recording: Recording
  readonly tally: Tally
  readonly settings: RecordSettings
}

/** Ends when all operations are done, the time is over, a client breaks down, or the run is interrupted. */
async function runClients(
  run: Run,
  observer: RecordObserver,
  interrupt: AbortSignal,
): Promise<string | undefined> {
  const { adapter, tally, settings } = run
  const ended = new AbortController()
  const clients = Array.from({ length: settings.threads }, (_, number) =>
    adapter.attach === undefined ? clientHere(run, number) : clientThread(run, number),
  )
  const all = Promise.all(clients).finally(() => ended.abort())
  // Looked at below; a failure meanwhile must not count as one that nobody handles.
  all.catch(() => undefined)
  const stop = AbortSignal.any([ended.signal, interrupt])
  while (adapter.attach !== undefined && !tally.areAllThere && !stop.aborted) await pause(5, stop)
  const started = performance.now()
  const seconds = (): number => (performance.now() - started) / 1000
  while (!stop.aborted && seconds() < settings.seconds) {
    const left = (settings.seconds - seconds()) * 1000
    await pause(Math.min(tickMilliseconds, left), stop)
    observer.running(seconds(), tally)
  }
  tally.stop()
  const late = new AbortController()
  const limit = sleep(stopSecondsMax * 1000, undefined, { signal: late.signal }).then(
    () => {
      throw new WrongResultError(`a client was still in an operation ${stopSecondsMax} s after the end`)
    },
    () => [],
  )
  const errors = await Promise.race([all, limit]).finally(() => late.abort())
  return errors.find((error) => error !== undefined)
}

/** Sleeps, or less when the signal aborts. */
async function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  await sleep(milliseconds, undefined, { signal }).catch(() => undefined)
}

async function clientHere(
  { store, recording, tally, settings }: Run,
  number: number,
): Promise<string | undefined> {
  const recorder = joinRecording(recording.handle)
  try {
    return await runTogether({ store, recorder, tally, settings, number })
  } finally {
    recorder.close()
  }
}

async function clientThread(
  { store, recording, tally, settings }: Run,
  number: number,
): Promise<string | undefined> {
  const task: ClientTask = {
    settings,
    handle: store.handle,
    recording: recording.handle,
    tally: tally.buffer,
    number,
  }
  const worker = new Worker(new URL('./worker.js', import.meta.url), { workerData: task })
  return new Promise((resolve, reject) => {
    worker.once('message', resolve)
    worker.once('error', reject)
    worker.once('exit', (code) => reject(new Error(`a client's thread ended early, with exit code ${code}`)))
  })
}
