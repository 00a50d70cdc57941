// Transactions on lists, recorded through the built package as threads started by users do it: until the work
// is done, or until the thread is terminated.
import { parentPort, workerData } from 'node:worker_threads'
import { attach } from 'tidemark'
import { joinRecording, recordStore } from 'tidemark/history'

const { handle, recording, transactions, keys, counter } = workerData
const store = await attach(handle)
const lists = store.table('lists')
const recorder = joinRecording(recording)
const recorded = recordStore(store, recorder, { model: 'list-append', key: (_, key) => key })
const completed = new Int32Array(counter)

parentPort.postMessage(recorder.thread)
for (let i = 0; i < transactions; i++) {
  // Over and over other keys, so that lists stay short.
  const first = Math.floor(i / 50) * keys
  recorded.transactionSync((tx) => {
    for (let j = 0; j < 3; j++) {
      const key = first + Math.floor(Math.random() * keys)
      const list = tx.get(lists, key) ?? []
      if (j > 0) tx.put(lists, key, [...list, recorder.unique()])
    }
  })
  Atomics.add(completed, recorder.thread, 1)
}
recorder.close()
await store.close()
