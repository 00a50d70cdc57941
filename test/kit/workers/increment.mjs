// Increments one counter, a transaction each time.
import { parentPort, workerData } from 'node:worker_threads'
import { attach } from 'tidemark'

const store = await attach(workerData.handle)
const counters = store.table('counters')
for (let i = 0; i < workerData.times; i += 1) {
  store.transactionSync((tx) => tx.put(counters, 'c', (tx.get(counters, 'c') ?? 0) + 1))
}
await store.close()
parentPort.postMessage('done')
