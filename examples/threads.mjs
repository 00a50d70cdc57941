// One store, many threads: worker threads count together, and no increment is lost.
//
//     node examples/threads.mjs
import { isMainThread, Worker } from 'node:worker_threads'
import { attach, open } from 'tidemark'

const threads = 4
const increments = 5000

if (isMainThread) await main()
else await countUp()

async function main() {
  const store = await open()
  /** @type {import('tidemark').Table<string, number>} */
  const counters = store.table('counters')
  await store.transaction((tx) => tx.put(counters, 'visits', 0))

  const workers = Array.from({ length: threads }, () => new Worker(new URL(import.meta.url)))
  await Promise.all(workers.map(ended))

  const visits = store.snapshot((tx) => tx.get(counters, 'visits'))
  console.log(`${threads} threads x ${increments} increments = ${visits}`)
  await store.close()
  if (visits !== threads * increments) process.exitCode = 1
}

async function countUp() {
  // A worker thread needs no handle when its process has one store open; else `attach(name)` or
  // `attach(store.handle)`.
  const store = await attach()
  /** @type {import('tidemark').Table<string, number>} */
  const counters = store.table('counters')
  for (let i = 0; i < increments; i += 1) {
    // When another thread was faster, the body runs again and sees the newer count.
    store.transactionSync((tx) => tx.put(counters, 'visits', (tx.get(counters, 'visits') ?? 0) + 1))
  }
  await store.close()
}

/**
 * @param {Worker} worker
 * @returns {Promise<void>}
 */
function ended(worker) {
  return new Promise((resolve, reject) => {
    worker.once('error', reject)
    worker.once('exit', (code) =>
      code === 0 ? resolve() : reject(new Error(`worker ended with exit code ${code}`)),
    )
  })
}
