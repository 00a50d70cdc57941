// The quickstart, `npm start`: worker threads transact on one durable store, in a temporary folder, first on
// single records, then as a bank that moves money between accounts. While they do, every thread adds up all
// accounts in snapshots: a total that is ever off by one means that somebody saw half of a transaction. In
// the
// end the store is closed, opened again from its folder, and added up once more.
//
// All transactions on records are recorded, as each thread saw them, and the history is checked afterwards:
// was every single one strictly serializable? Ends with exit code 1 if not, or if money was lost.
import { mkdtemp, rm } from 'node:fs/promises'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { Worker } from 'node:worker_threads'
import { abortReasons, open, string } from 'tidemark'
import { anomalyTypes, checkTransactions } from 'tidemark/check'
import { startRecording } from 'tidemark/history'

/** @import { Kind, Report, Work } from './quickstart/worker.mjs' */

const { values: options } = parseArgs({ options: { seconds: { type: 'string', default: '3' } } })
const milliseconds = Number(options.seconds) * 1000
/** A second gives half a million transactions to check. */
const recordedMilliseconds = milliseconds / 3
const failedHistory = 'quickstart-failed.edn'
const threads = Math.max(2, availableParallelism())
const records = 100_000
const accounts = 1000
const total = accounts * 1000

let snapshots = 0
let wrongTotals = 0

const path = await mkdtemp(join(tmpdir(), 'tidemark-'))
// `async`: a transaction is acknowledged once it has committed, and is on disk some milliseconds later.
const store = await open({ path, durability: 'async' })
const recording = await startRecording()
/** @type {import('tidemark').Table<number, string>} */
const recordTable = store.table('records', { codec: string })
/** @type {import('tidemark').Table<number, number>} */
const accountTable = store.table('accounts')

console.log(`${threads} worker threads, ${count(records)} records, ${count(accounts)} accounts`)
await load()
await runThreads('4 reads or updates', 'records')
const isSerializable = await verify()
await recording.close()
await runThreads('bank transfers', 'bank', watchTotal)
const holds = sumOfAccounts()
const { usedBytes, memoryBytes } = store.stats()
say('memory', `${count(usedBytes / 1e6)} MB used, ${count(memoryBytes / 1e6)} MB taken`)
await store.close()
const recovered = await recoveredTotal()

const isKept = holds === total && wrongTotals === 0 && recovered === total
console.log(
  isKept
    ? `\nOK: the bank holds ${count(total)}, in memory, recovered from disk, and in each of ${count(snapshots)} snapshots on ${threads + 1} threads.`
    : `\nVIOLATED: the bank holds ${count(holds)} of ${count(total)}, and ${count(recovered)} on disk; ${count(wrongTotals)} snapshots saw another total.`,
)
process.exitCode = isKept && isSerializable ? 0 : 1

/** Checks the history of all that the threads have done to the records. */
async function verify() {
  const history = await recording.history()
  const verdict = checkTransactions(history, {
    workload: 'rw-register',
    models: ['strict-serializable'],
    // Each update has read its record first: so the order of a record's versions is known.
    wfrKeys: true,
  })
  const transactions = count(verdict.counts.calls)
  if (verdict.valid === true) {
    const seconds = verdict.seconds.toFixed(2)
    say('verified', `${transactions} transactions are strictly serializable, checked in ${seconds} s`)
    return true
  }
  say('NOT VERIFIED', `${transactions} transactions: ${anomalyTypes(verdict).join(', ')}`)
  console.log(verdict.anomalies[0]?.sentence ?? verdict.unknownBecause)
  await recording.write(failedHistory)
  console.log(`The history is in ${failedHistory}.`)
  return false
}

/** Opens the store again, as after a restart, and adds up what was on disk. */
async function recoveredTotal() {
  const started = performance.now()
  const again = await open({ path })
  const seconds = ((performance.now() - started) / 1000).toFixed(2)
  say('recovered', `${count(again.recovery?.entries ?? 0)} entries from disk in ${seconds} s`)
  /** @type {import('tidemark').Table<number, number>} */
  const table = again.table('accounts')
  const sum = again.snapshot((tx) =>
    tx
      .getValues(table)
      .toArray()
      .reduce((a, b) => a + b, 0),
  )
  await again.close()
  await rm(path, { recursive: true })
  return sum
}

async function load() {
  const started = performance.now()
  const value = 'x'.repeat(100)
  for (let first = 0; first < records; first += 1000) {
    await store.transaction((tx) => {
      for (let key = first; key < first + 1000; key += 1) tx.put(recordTable, key, value)
    })
  }
  await store.transaction((tx) => {
    for (let account = 0; account < accounts; account += 1) tx.put(accountTable, account, total / accounts)
  })
  say(
    'loaded',
    `${count(records + accounts)} records in ${((performance.now() - started) / 1000).toFixed(2)} s`,
  )
}

/**
 * Starts one worker thread per core on a kind of work and says how it went.
 *
 * @param {string} name
 * @param {Kind} kind
 * @param {(running: AbortSignal) => Promise<void>} [meanwhile]
 */
async function runThreads(name, kind, meanwhile) {
  const before = store.stats().transactions
  const running = new AbortController()
  const watching = meanwhile?.(running.signal)
  const reports = await Promise.all(Array.from({ length: threads }, () => startThread(kind)))
  running.abort()
  await watching
  const committed = reports.reduce((sum, report) => sum + report.committed, 0)
  const perSecond = reports.reduce((sum, report) => sum + report.committed / report.seconds, 0)
  const after = store.stats().transactions
  const aborts = abortReasons
    .map((reason) => ({ reason, times: after.aborted[reason] - before.aborted[reason] }))
    .filter(({ times }) => times > 0)
    .map(({ reason, times }) => `${reason} ${((100 * times) / committed).toFixed(3)} %`)
  say(name, `${count(perSecond)} transactions/s; aborted and run again: ${aborts.join(', ') || 'none'}`)
  snapshots += reports.reduce((sum, report) => sum + report.snapshots, 0)
  wrongTotals += reports.reduce((sum, report) => sum + report.wrongTotals, 0)
}

/**
 * @param {Kind} kind
 * @returns {Promise<Report>}
 */
function startThread(kind) {
  /** @type {Work} */
  const workerData = {
    kind,
    milliseconds: kind === 'records' ? recordedMilliseconds : milliseconds,
    records,
    accounts,
    total,
    recording: recording.handle,
  }
  const worker = new Worker(new URL('./quickstart/worker.mjs', import.meta.url), { workerData })
  return new Promise((resolve, reject) => {
    worker.once('message', resolve)
    worker.once('error', reject)
    worker.once('exit', (code) =>
      reject(new Error(`a worker thread ended with exit code ${code} and no report`)),
    )
  })
}

/** @param {AbortSignal} running */
async function watchTotal(running) {
  while (!running.aborted) {
    if (sumOfAccounts() !== total) wrongTotals += 1
    snapshots += 1
    await sleep(10)
  }
}

function sumOfAccounts() {
  return store.snapshot((tx) => {
    let sum = 0
    for (const balance of tx.getValues(accountTable)) sum += balance
    return sum
  })
}

/**
 * @param {string} name
 * @param {string} text
 */
function say(name, text) {
  console.log(`${name.padEnd(20)}${text}`)
}

/** @param {number} number */
function count(number) {
  return Math.round(number).toLocaleString('en-US')
}
