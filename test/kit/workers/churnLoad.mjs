// Updates and deletes keys with values of all sizes, on and on, in one thread of several; then deletes its
// keys.
import { parentPort, workerData } from 'node:worker_threads'
import { SharedMemory } from '../../../dist/memory/sharedMemory.js'
import { ConflictError } from '../../../dist/mvcc/abort.js'
import { Engine } from '../../../dist/mvcc/engine.js'
import { keyStart } from '../../../dist/mvcc/keyBuffer.js'

const { buffer, clock, worker, workers, seed, rounds, keyCount, table } = workerData
const engine = new Engine({ memory: SharedMemory.from(buffer), thread: worker })
const tree = engine.treeOf(table)
const ticks = new Int32Array(clock)
let state = seed
let committed = 0

function below(limit) {
  state = (state + 0x6d2b79f5) | 0
  let t = Math.imul(state ^ (state >>> 15), 1 | state)
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
  return Math.floor((((t ^ (t >>> 14)) >>> 0) / 2 ** 32) * limit)
}

function fill(key) {
  const { bytes } = engine.key
  bytes[keyStart] = key >>> 16
  bytes[keyStart + 1] = key >>> 8
  bytes[keyStart + 2] = key
  engine.key.seal(table, keyStart + 3)
}

/** All sizes up to 200 bytes, some up to 3000, and few of a large object's. */
function someLength() {
  const kind = below(1000)
  if (kind === 0) return 70_000 + below(100_000)
  return kind < 100 ? below(3000) : below(200)
}

function transact(body) {
  for (let attempt = 0; attempt < 1000; attempt++) {
    const tx = engine.begin(attempt < 4 ? 'optimistic' : 'locking')
    let reason
    try {
      body(tx)
      reason = engine.commit(tx)
    } catch (error) {
      if (!(error instanceof ConflictError)) throw error
      reason = error.reason
      engine.abort(tx, reason)
    }
    if (reason === undefined) {
      committed++
      return
    }
  }
  throw new Error('a transaction found no way through in 1000 attempts')
}

function put(tx, key, length) {
  const start = (tx.writes.stagedBytes + 3) & ~3
  while (tx.writes.staging.length < start + length) tx.writes.growStaging()
  tx.writes.staging.fill(key & 0xff, start, start + length)
  fill(key)
  tx.write(tree, engine.key, start, start + length)
}

function remove(tx, key) {
  fill(key)
  tx.delete(tree, engine.key)
}

/** Checks a value: it is all one byte, which the key tells. */
function check(tx, key) {
  fill(key)
  if (!tx.read(tree, engine.key)) return
  for (const at of [tx.start, (tx.start + tx.end) >> 1, tx.end - 1]) {
    if (tx.end > tx.start && tx.source[at] !== (key & 0xff))
      throw new Error(`key ${key} has a byte of another`)
  }
}

function churn() {
  for (let i = 0; i < rounds; i++) {
    const keys = Array.from({ length: 1 + below(4) }, () => below(keyCount))
    transact((tx) => {
      for (const key of keys) {
        const kind = below(10)
        if (kind < 6) put(tx, key, someLength())
        else if (kind < 8) remove(tx, key)
        else check(tx, key)
      }
    })
  }
}

/** Waits until all threads have come here. */
function meet(phase) {
  Atomics.add(ticks, phase, 1)
  Atomics.notify(ticks, phase)
  for (;;) {
    const arrived = Atomics.load(ticks, phase)
    if (arrived >= workers) return
    Atomics.wait(ticks, phase, arrived, 1000)
  }
}

const chunks = []
for (let phase = 0; phase < 6; phase++) {
  churn()
  meet(phase)
  chunks.push(engine.context.arena.pool.chunksInUse)
}
for (let key = worker; key < keyCount; key += workers) transact((tx) => remove(tx, key))
engine.leave()
parentPort.postMessage({ chunks, committed })
