// A worker thread of the nightly run: transactions on lists, recorded, until it is terminated.
import { parentPort, workerData } from 'node:worker_threads'
import { attach } from 'tidemark'
import { joinRecording, recordStore } from 'tidemark/history'

const { handle, recording, keys, writes } = workerData
const store = await attach(handle)
const lists = store.table('lists')
const recorder = joinRecording(recording)
const recorded = recordStore(store, recorder, { model: 'list-append', key: (_, key) => Number(key) })
const counter = new Int32Array(writes)

parentPort.postMessage('ready')
for (;;) {
  const steps = Array.from({ length: 1 + Math.floor(Math.random() * 4) }, () => ({
    key: Math.floor(Atomics.load(counter, 0) / (keys * 32)) * keys + Math.floor(Math.random() * keys),
    isAppend: Math.random() < 0.5,
  }))
  const mode = Math.random() < 0.1 ? 'locking' : 'optimistic'
  recorded.transactionSync(
    (tx) => {
      for (const { key, isAppend } of steps) {
        const list = tx.get(lists, key) ?? []
        if (isAppend) tx.put(lists, key, [...list, recorder.unique()])
      }
    },
    { mode, maxRetries: 1e6 },
  )
  Atomics.add(counter, 0, steps.filter(({ isAppend }) => isAppend).length)
}
