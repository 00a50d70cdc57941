// The quickstart, `npm start`: worker threads transact on one store in shared memory, first on single
// records, then as a bank that moves money between accounts. While they do, every thread adds up all accounts
// in snapshots: a total that is ever off by one means that somebody saw half of a transaction. Ends with exit
// code 1 in that case.
//
// It runs in memory and checks the bank's total. Verifying that the whole run was strictly serializable needs
// the history checker, which this version does not have yet.
import { availableParallelism } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { Worker } from 'node:worker_threads'
import { abortReasons, open, string } from 'tidemark'

/** @import { Kind, Report, Work } from './quickstart/worker.mjs' */

const { values: options } = parseArgs({ options: { seconds: { type: 'string', default: '3' } } })
const milliseconds = Number(options.seconds) * 1000
const threads = Math.max(2, availableParallelism())
const records = 100_000
const accounts = 1000
const total = accounts * 1000

let snapshots = 0
let wrongTotals = 0

const store = await open()
/** @type {import('tidemark').Table<number, string>} */
const recordTable = store.table('records', { codec: string })
/** @type {import('tidemark').Table<number, number>} */
const accountTable = store.table('accounts')

console.log(`${threads} worker threads, ${count(records)} records, ${count(accounts)} accounts`)
console.log(
  'In memory only: this version writes nothing to disk. It checks the total, not the whole history.\n',
)
await load()
await runThreads('4 reads or updates', 'records')
await runThreads('bank transfers', 'bank', watchTotal)
const holds = sumOfAccounts()
const { usedBytes, memoryBytes } = store.stats()
say('memory', `${count(usedBytes / 1e6)} MB used, ${count(memoryBytes / 1e6)} MB taken`)
await store.close()

const isSound = holds === total && wrongTotals === 0
console.log(
  isSound
    ? `\nOK: the bank holds ${count(total)}, and did in each of ${count(snapshots)} snapshots on ${threads + 1} threads.`
    : `\nVIOLATED: the bank holds ${count(holds)} of ${count(total)}; ${count(wrongTotals)} snapshots saw another total.`,
)
process.exitCode = isSound ? 0 : 1

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
  const workerData = { kind, milliseconds, records, accounts, total }
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
