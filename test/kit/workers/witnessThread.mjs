// One thread of the process that is killed: commits, and says on standard output what is acknowledged. One of
// its lanes blocks, so that this thread writes the journal itself when it can.
import { writeSync } from 'node:fs'
import { workerData } from 'node:worker_threads'
import { attach } from 'tidemark'

const { thread, threads, accounts } = workerData
const store = await attach()
const counters = store.table('counters')
const log = store.table('log')
const bank = store.table('bank')

async function commitNext(lane) {
  const name = `${thread}.${lane}`
  const run = lane === 0 ? 'transactionSync' : 'transaction'
  const done = await store[run]((tx) => {
    const count = (tx.get(counters, name) ?? 0) + 1
    const other = `${(thread + 1) % threads}.${lane}`
    tx.put(log, [name, count], { other, seen: tx.get(counters, other) ?? 0, filler: 'x'.repeat(count % 200) })
    tx.put(counters, name, count)
    const from = Math.floor(Math.random() * accounts)
    const to = (from + 1 + Math.floor(Math.random() * (accounts - 1))) % accounts
    tx.put(bank, from, tx.get(bank, from) - 1)
    tx.put(bank, to, tx.get(bank, to) + 1)
    if (count > 5) tx.delete(log, [name, count - 5])
    return count
  })
  writeSync(1, `${name} ${done}\n`)
}

await Promise.all(
  Array.from({ length: 4 }, async (_, lane) => {
    for (;;) await commitNext(lane)
  }),
)
