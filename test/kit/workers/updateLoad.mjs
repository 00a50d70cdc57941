// Replaces values of a table on and on, until told to stop; sometimes in snapshots of its own.
import { parentPort, workerData } from 'node:worker_threads'
import { attach } from 'tidemark'

const { handle, keyCount, valueBytes, words } = workerData
const store = await attach(handle)
const items = store.table('items')
const control = new Int32Array(words)
const pad = 'x'.repeat(valueBytes)
let updates = 0

while (Atomics.load(control, 0) === 0) {
  const key = Math.floor(Math.random() * keyCount)
  store.transactionSync((tx) => tx.put(items, key, { version: tx.get(items, key).version + 1, pad }))
  updates++
  Atomics.add(control, 1, 1)
  if (updates % 500 === 0) {
    const held = store.snapshot()
    const { version } = held.get(items, key)
    store.transactionSync((tx) => tx.put(items, key, { version: version + 1, pad }))
    if (held.get(items, key).version !== version) throw new Error('a held snapshot has changed')
    held.close()
  }
}
await store.close()
parentPort.postMessage(updates)
