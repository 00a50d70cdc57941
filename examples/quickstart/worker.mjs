// One worker thread of the quickstart. It attaches to the store that the main thread opened; nothing is
// passed to it but what to do, and where to record it. Then it runs transactions on its own core, in the
// same memory as the other threads.
import { parentPort, workerData } from 'node:worker_threads'
import { attach, string } from 'tidemark'
import { joinRecording, recordStore } from 'tidemark/history'

/**
 * @typedef {'records' | 'bank'} Kind
 * @typedef {{
 *   kind: Kind,
 *   milliseconds: number,
 *   records: number,
 *   accounts: number,
 *   total: number,
 *   recording: import('tidemark/history').RecordingHandle,
 * }} Work
 * @typedef {{ committed: number, seconds: number, snapshots: number, wrongTotals: number }} Report
 */

/** @type {Work} */
const work = workerData
const store = await attach()
/** @type {import('tidemark').Table<number, string>} */
const records = store.table('records', { codec: string })
/** @type {import('tidemark').Table<number, number>} */
const accounts = store.table('accounts')
const report = work.kind === 'records' ? recordReadsAndUpdates() : repeat(transfer)
await store.close()
parentPort?.postMessage(report)

/**
 * Four operations on records, each a read or an update with even odds, as in YCSB's workload A; all of it
 * recorded. Every update writes another number, by which the history tells the versions of a record apart.
 */
function recordReadsAndUpdates() {
  const recorder = joinRecording(work.recording)
  const recorded = recordStore(store, recorder, {
    key: (_, key) => Number(key),
    value: (text) => versionOf(String(text)),
  })
  const summary = repeat(() => {
    recorded.transactionSync((tx) => {
      for (let operation = 0; operation < 4; operation += 1) {
        const key = someRecord()
        tx.get(records, key)
        if (Math.random() < 0.5) tx.put(records, key, `${recorder.unique()}`.padEnd(100, 'y'))
      }
    })
  })
  recorder.close()
  return summary
}

/**
 * The number that a record begins with; null for the text it was loaded with.
 *
 * @param {string} text
 */
function versionOf(text) {
  const version = Number.parseInt(text, 10)
  return Number.isNaN(version) ? null : version
}

/**
 * Moves some money from one account to another, if there is enough. A conflict with another thread retries
 * the body.
 */
function transfer() {
  const from = Math.floor(Math.random() * work.accounts)
  const to = (from + 1 + Math.floor(Math.random() * (work.accounts - 1))) % work.accounts
  const amount = 1 + Math.floor(Math.random() * 100)
  store.transactionSync((tx) => {
    const balance = tx.get(accounts, from) ?? 0
    if (balance < amount) return
    tx.put(accounts, from, balance - amount)
    tx.put(accounts, to, (tx.get(accounts, to) ?? 0) + amount)
  })
}

/**
 * Repeats a transaction until the time is over; in the bank, looks at the total every so often.
 *
 * @param {() => void} transaction
 * @returns {Report}
 */
function repeat(transaction) {
  const result = { committed: 0, seconds: 0, snapshots: 0, wrongTotals: 0 }
  const started = performance.now()
  let elapsed = 0
  while (elapsed < work.milliseconds) {
    for (let i = 0; i < 1000; i += 1) transaction()
    result.committed += 1000
    elapsed = performance.now() - started
    if (work.kind === 'records') continue
    result.snapshots += 1
    if (sumOfAccounts() !== work.total) result.wrongTotals += 1
  }
  result.seconds = elapsed / 1000
  return result
}

function sumOfAccounts() {
  return store.snapshot((tx) => {
    let sum = 0
    for (const balance of tx.getValues(accounts)) sum += balance
    return sum
  })
}

/** Some records are far more popular than others: the nth is chosen about 1/n as often as the first. */
function someRecord() {
  const popularity = Math.floor(work.records ** Math.random())
  return (popularity * 7919) % work.records
}
