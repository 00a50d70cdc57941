import { parentPort, workerData } from 'node:worker_threads'
import { joinRecording, type RecordingHandle } from 'tidemark/history'
import { RunControl } from '../driver/control.js'
import { Random } from '../generators/random.js'
import { RecordedSession } from '../targets/recorded.js'
import { targetNamed } from '../targets/registry.js'
import type { Session, ValueKind, ValueKinds } from '../targets/target.js'
import { InsertSequence } from './inserts.js'
import type { RunSettings } from './settings.js'
import { threadContext } from './thread.js'
import { valueForms } from './values.js'
import { type Role, runThread } from './work.js'

/** What a thread of a run is started with. */
export interface WorkerTask<K extends ValueKind = ValueKind> {
  readonly settings: RunSettings & { readonly value: K }
  readonly handle: unknown
  readonly thread: number
  readonly role: Role
  readonly control: SharedArrayBuffer
  readonly inserts: SharedArrayBuffer
  readonly recording: RecordingHandle | undefined
}

async function work<K extends ValueKind>(task: WorkerTask<K>): Promise<void> {
  const { settings, thread, role } = task
  const session = await connect(task)
  const first = thread * settings.inFlight
  const lanes = Array.from({ length: settings.inFlight }, (_, lane) =>
    threadContext<K>({
      session,
      settings,
      random: new Random(settings.seed, 1 + first + lane),
      inserts: new InsertSequence(task.inserts, first + lane),
    }),
  )
  const control = new RunControl(task.control)
  await runThread(control, control.report(thread), {
    lanes,
    role,
    onReady: () => parentPort?.postMessage('ready'),
  })
  await session.close()
}

async function connect<K extends ValueKind>(task: WorkerTask<K>): Promise<Session<ValueKinds[K]>> {
  const { settings, handle, recording } = task
  const session = await targetNamed(settings.target).connect<K>(handle, settings.value, settings)
  const { versions } = valueForms[settings.value]
  if (recording === undefined || versions === undefined) return session
  return new RecordedSession(session, joinRecording(recording), versions)
}

await work(workerData as WorkerTask)
