// Runs random transactions on a site of its own, and hands back all that committed. Uses the built package's
// modules, as threads started by users do.
import { parentPort, workerData } from 'node:worker_threads'
import { SharedMemory } from '../../../dist/memory/sharedMemory.js'
import { ConflictError } from '../../../dist/mvcc/abort.js'
import { Cursor } from '../../../dist/mvcc/cursor.js'
import { Engine } from '../../../dist/mvcc/engine.js'
import { keyStart } from '../../../dist/mvcc/keyBuffer.js'

const { buffer, clock, worker, seed, transactions, keyCount, lockingShare, table } = workerData
const engine = new Engine({ memory: SharedMemory.from(buffer), thread: worker })
const tree = engine.treeOf(table)
const ticks = new Int32Array(clock)
const history = []
const aborts = {}
let state = seed
let written = 0

function below(limit) {
  state = (state + 0x6d2b79f5) | 0
  let t = Math.imul(state ^ (state >>> 15), 1 | state)
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
  return Math.floor((((t ^ (t >>> 14)) >>> 0) / 2 ** 32) * limit)
}

function fill(key) {
  for (let i = 0; i < key.length; i++) engine.key.bytes[keyStart + i] = key.charCodeAt(i)
  engine.key.seal(table, keyStart + key.length)
}

function stage(tx, value) {
  const start = (tx.writes.stagedBytes + 3) & ~3
  while (tx.writes.staging.length < start + value.length) tx.writes.growStaging()
  tx.writes.staging.write(value, start, 'latin1')
  return start
}

const keyOf = (i) => `key${String(i).padStart(3, '0')}`
const someKey = () => keyOf(Math.min(below(keyCount), below(keyCount)))
const someValue = () => `${worker}.${++written}.`.padEnd(below(8) === 0 ? below(900) : 0, 'x')
const bytes = (key) => ({ bytes: Buffer.from(key, 'latin1'), start: 0, length: key.length })

const operations = {
  get(tx) {
    const key = someKey()
    fill(key)
    const found = tx.read(tree, engine.key) ? tx.source.toString('latin1', tx.start, tx.end) : undefined
    return ['get', key, found]
  },
  put(tx) {
    const key = someKey()
    const value = someValue()
    const start = stage(tx, value)
    fill(key)
    tx.write(tree, engine.key, start, start + value.length)
    return ['put', key, value]
  },
  delete(tx) {
    const key = someKey()
    fill(key)
    tx.delete(tree, engine.key)
    return ['delete', key]
  },
  insert(tx) {
    const key = someKey()
    const value = someValue()
    const start = stage(tx, value)
    fill(key)
    return ['insert', key, value, tx.insert(tree, engine.key, start, start + value.length)]
  },
  scan(tx) {
    const from = below(keyCount)
    const lower = keyOf(from)
    const upper = keyOf(from + below(12))
    const isReverse = below(2) === 0
    const range = { gte: lower, lte: upper, reverse: isReverse }
    const bounds = {
      lower: bytes(lower),
      isLowerExcluded: false,
      upper: bytes(upper),
      isUpperExcluded: false,
    }
    const cursor = new Cursor(engine, tx, tree, { ...bounds, isReverse })
    const found = []
    while (cursor.next()) {
      cursor.showKey()
      const key = cursor.keySource.toString('latin1', cursor.keyStart, cursor.keyEnd)
      found.push([key, tx.source.toString('latin1', tx.start, tx.end)])
    }
    return ['scan', range, found]
  },
}

const names = ['get', 'get', 'get', 'put', 'put', 'delete', 'insert', 'scan']

function attempt(name, choices, mode, age) {
  const from = Atomics.add(ticks, 0, 1)
  const tx = engine.begin(mode, age)
  const opened = tx.opened
  const events = []
  let reason
  try {
    for (const choice of choices) {
      events.push(operations[choice](tx))
      // Threads that are rarely preempted by themselves are made to meet.
      if (below(8) === 0) Atomics.wait(ticks, 2, 0, below(3) / 50)
    }
    reason = engine.commit(tx)
  } catch (error) {
    if (!(error instanceof ConflictError)) throw error
    reason = error.reason
    engine.abort(tx, reason)
  }
  if (reason === undefined)
    history.push({ name, stamp: tx.stamp, from, to: Atomics.add(ticks, 0, 1), events })
  else aborts[reason] = (aborts[reason] ?? 0) + 1
  return { reason, opened }
}

Atomics.add(ticks, 1, 1)
Atomics.notify(ticks, 1)
while (Atomics.load(ticks, 1) < workerData.workers) Atomics.wait(ticks, 1, Atomics.load(ticks, 1), 100)

for (let i = 0; i < transactions; i++) {
  const choices = Array.from({ length: 1 + below(6) }, () => names[below(names.length)])
  const isLocking = below(100) < lockingShare
  let age
  // After a few conflicts, locking mode with the age of the first attempt, as the store does.
  for (let attempts = 1; attempts < 50; attempts++) {
    const mode = isLocking || attempts > 4 ? 'locking' : 'optimistic'
    const { reason, opened } = attempt(`transaction ${i} of worker ${worker} (${mode})`, choices, mode, age)
    age ??= opened
    if (reason === undefined) break
  }
  if (below(50) === 0) engine.collect()
}
engine.leave()
parentPort.postMessage({ history, aborts })
