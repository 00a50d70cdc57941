import { parentPort, workerData } from 'node:worker_threads'
import { joinRecording, type RecordingHandle } from 'tidemark/history'
import { adapterAt } from './adapter.js'
import { runAlone } from './client.js'
import { Tally } from './control.js'
import type { RecordSettings } from './options.js'

/** What a thread of a recorded run is started with. */
export interface ClientTask {
  readonly settings: RecordSettings
  readonly handle: unknown
  readonly recording: RecordingHandle
  readonly tally: SharedArrayBuffer
  readonly number: number
}

async function work({ settings, handle, recording, tally, number }: ClientTask): Promise<string | undefined> {
  const adapter = await adapterAt(settings.adapter)
  const store = await adapter.attach!(handle)
  const recorder = joinRecording(recording)
  const counts = new Tally(tally)
  counts.awaitOthers()
  const error = await runAlone({ store, recorder, tally: counts, settings, number })
  recorder.close()
  await store.close?.()
  return error
}

parentPort?.postMessage(await work(workerData as ClientTask))
