import { Worker } from 'node:worker_threads'
import type { WrittenCheckpoint } from './checkpoint.js'
import type { CheckpointMessage, CheckpointThreadData } from './checkpointThread.js'
import { CancelledError } from './errors.js'

export interface CheckpointRun extends Omit<CheckpointThreadData, 'cancelled'> {
  readonly signal?: AbortSignal | undefined
  readonly onProgress?: ((progress: BackupProgress) => void) | undefined
}

/** How far a backup is. The total is an estimate: transactions go on. */
export interface BackupProgress {
  readonly entries: number
  readonly totalEntries: number
}

/** Runs a checkpoint thread to its end. Rejects with its error, or with `CancelledError`. */
export async function runCheckpoint({
  signal,
  onProgress,
  ...run
}: CheckpointRun): Promise<WrittenCheckpoint> {
  const cancelled = new SharedArrayBuffer(4)
  const workerData: CheckpointThreadData = { ...run, cancelled }
  const worker = new Worker(new URL('./checkpointThread.js', import.meta.url), {
    // Flags of the process may be for its main script only, such as --input-type.
    execArgv: [],
    workerData,
    name: 'tidemark checkpoint',
  })
  const cancel = () => Atomics.store(new Int32Array(cancelled), 0, 1)
  signal?.addEventListener('abort', cancel)
  if (signal?.aborted === true) cancel()
  let written: WrittenCheckpoint | undefined
  try {
    await new Promise<void>((resolve, reject) => {
      worker.on('message', (message: CheckpointMessage) => {
        if (message.kind === 'progress') callProgress(message)
        else if (message.kind === 'written') written = message.written
      })
      worker.once('error', reject)
      worker.once('exit', () => resolve())
      const callProgress = (progress: BackupProgress) => {
        try {
          onProgress?.({ entries: progress.entries, totalEntries: progress.totalEntries })
        } catch (error) {
          cancel()
          reject(error)
        }
      }
    })
  } finally {
    signal?.removeEventListener('abort', cancel)
  }
  if (written === undefined) throw new CancelledError(signal?.reason, 'backup')
  return written
}
