// Random transactions over a bank, an index under churn, and values of many sizes, until the thread is
// terminated.
import { parentPort, workerData } from 'node:worker_threads'
import { attach } from 'tidemark'

const store = await attach()
const accounts = store.table('accounts')
const churn = store.table('churn')
const { accountCount, churnKeys, counter, mayBeFull } = workerData
const counts = new Int32Array(counter)
const random = (n) => Math.floor(Math.random() * n)

function transfer(tx) {
  const from = random(accountCount)
  const to = random(accountCount)
  const amount = random(10)
  const a = tx.get(accounts, from)
  const b = tx.get(accounts, to)
  if (from === to) return
  tx.put(accounts, from, { balance: a.balance - amount, pad: 'x'.repeat(random(200)) })
  tx.put(accounts, to, { balance: b.balance + amount })
}

function churnOnce(tx) {
  for (let i = 0; i < 6; i++) {
    const key = ['k', random(churnKeys)]
    const kind = random(4)
    if (kind === 0) tx.delete(churn, key)
    else if (kind === 1) tx.get(churn, key)
    else tx.put(churn, key, 'v'.repeat(random(random(20) === 0 ? 30_000 : 300)))
  }
}

function empty(tx) {
  const from = random(churnKeys)
  for (const key of tx.getKeys(churn, { gte: ['k', from], limit: 40 })) tx.delete(churn, key)
}

function sum(tx) {
  let total = 0
  for (const { balance } of tx.getValues(accounts)) total += balance
  if (total !== accountCount * 100) throw new Error(`the total is ${total}`)
}

/** Of different ages, so that others trim chains for them; they are there when the thread dies. */
const snapshots = []

/** In a store that is too small for all of it, what finds no room is left. */
function transact(body, options) {
  try {
    store.transactionSync(body, options)
  } catch (error) {
    if (!mayBeFull || error.code !== 'TIDEMARK_MEMORY_FULL') throw error
  }
}

function holdAnother() {
  snapshots.push(store.snapshot())
  if (snapshots.length > 3) snapshots.splice(random(3), 1)[0].close()
  for (const held of snapshots) sum(held)
}

parentPort.postMessage('ready')
for (;;) {
  if (random(8) === 0) holdAnother()
  const kind = random(10)
  const options = random(4) === 0 ? { mode: 'locking', maxRetries: 1e6 } : { maxRetries: 1e6 }
  if (kind < 4) transact(transfer, options)
  else if (kind < 8) transact(churnOnce, options)
  else if (kind === 8) transact(empty, options)
  else transact(sum, options)
  counts[0]++
}
