// A process that is killed: recovers the store, says what it has found, and commits on several threads,
// taking checkpoints, until it is killed.
import { writeSync } from 'node:fs'
import { Worker } from 'node:worker_threads'
import { open } from 'tidemark'

const [path, isVerifyOnly] = process.argv.slice(2)
const accounts = 20
const threads = 2
const store = await open({ path, segmentBytes: 256 * 1024, checkpointBytes: Infinity })
const counters = store.table('counters')
const log = store.table('log')
const bank = store.table('bank')
const found = store.snapshot((tx) => ({
  counters: Object.fromEntries(tx.getRange(counters)),
  log: [...tx.getRange(log)].map(([[lane, at], { other, seen }]) => [lane, at, other, seen]),
  bank: [...tx.getValues(bank)],
}))
writeSync(1, `found ${JSON.stringify(found)}\n`)
if (isVerifyOnly === 'verify') {
  await store.close()
  process.exit(0)
}
await store.transaction((tx) => {
  for (let i = 0; i < accounts; i++) if (!tx.has(bank, i)) tx.put(bank, i, 100)
})
const file = new URL('./witnessThread.mjs', import.meta.url)
const workers = Array.from(
  { length: threads },
  (_, thread) => new Worker(file, { workerData: { thread, threads, accounts } }),
)
for (const worker of workers) worker.unref()
for (;;) await store.checkpoint()
