// Runs transactions on a copy of the built engine and records what they see: lists that grow, ranges,
// aborts.
//
// As `plays`: one thread acts for several sites. One transaction is stopped between two of its steps, or
// before one of its atomic operations, while others run from start to end. So an interleaving that threads
// hit once in a million runs is hit in every hundredth.
//
// As `threads`: this thread is one of several; chance decides.
import { parentPort, workerData } from 'node:worker_threads'
import { joinRecording } from 'tidemark/history'

const { dist, buffer, recording, seed, plays, preempting, counter, sites } = workerData
const at = (path) => new URL(path, dist).href
const { SharedMemory } = await import(at('memory/sharedMemory.js'))
const { Engine } = await import(at('mvcc/engine.js'))
const { Store } = await import(at('store/store.js'))

const keysPerGroup = 4
const scriptsPerGroup = 12
/**
 * A thread in the middle of splitting a leaf is waited for until it goes on, which in one thread it cannot:
 * a stage ends before its keys fill a leaf. Threads use many groups, so that lists stay short.
 */
const playsPerStage = 30
const groups = preempting === undefined ? 1_000_000 : 7
const options = { maxRetries: 3, timeoutMs: 500 }
const stageBytes = 16 * 1024 * 1024
const recorder = joinRecording(recording)
const counts = new Int32Array(counter)

let state = seed
function below(limit) {
  state = (state + 0x6d2b79f5) | 0
  let t = Math.imul(state ^ (state >>> 15), 1 | state)
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
  return Math.floor((((t ^ (t >>> 14)) >>> 0) / 2 ** 32) * limit)
}
const pick = (choices) => choices[below(choices.length)]

function makeActors(memory) {
  return Array.from({ length: sites }, (_, number) => {
    const engine = new Engine({ memory, thread: number })
    const handle = { name: `site ${number}`, id: String(number), buffer: memory.buffer }
    const store = new Store(engine, handle, { detach: () => {} })
    return { engine, store, lists: store.table('lists') }
  })
}

let actors = []
/** Added to a key of the store for its name in the history: each stage has a store of its own. */
let stageKeys = 0

/** A transaction's steps, chosen before it runs. */
function makeScript() {
  const base = (Math.floor(Atomics.add(counts, 0, 1) / scriptsPerGroup) % groups) * keysPerGroup
  const key = () => base + below(keysPerGroup)
  const steps = Array.from({ length: 1 + below(4) }, () => {
    const kind = pick(['read', 'read', 'append', 'append', 'append', 'scan'])
    if (kind === 'append') return { kind, key: key(), element: recorder.unique() }
    return kind === 'scan' ? { kind, base } : { kind, key: key() }
  })
  if (below(10) === 0) steps.push({ kind: 'abort' })
  return { steps, options: below(5) === 0 ? { ...options, mode: 'locking' } : options }
}

function perform(tx, lists, call, step) {
  if (step.kind === 'abort') return tx.abort('by the script')
  if (step.kind === 'scan') {
    const found = new Map(tx.getRange(lists, { gte: step.base, lt: step.base + keysPerGroup }))
    // Which keys there could be is known, so a key that the range has not is an empty list.
    for (let key = step.base; key < step.base + keysPerGroup; key++)
      call.read(stageKeys + key, found.get(key) ?? [])
    return undefined
  }
  const list = tx.get(lists, step.key) ?? []
  call.read(stageKeys + step.key, list)
  if (step.kind === 'append') {
    tx.put(lists, step.key, [...list, step.element])
    call.append(stageKeys + step.key, step.element)
  }
  return undefined
}

/** Runs a script as one recorded transaction; `between` runs before the step of the given number. */
function run({ store, lists }, script, between = () => {}) {
  const call = recorder.invoke()
  let runs = 0
  let hasReturned = false
  try {
    store.transactionSync((tx) => {
      hasReturned = false
      if (runs++ > 0) call.restart()
      for (const [number, step] of script.steps.entries()) {
        between(number)
        perform(tx, lists, call, step)
      }
      between(script.steps.length)
      hasReturned = true
    }, script.options)
  } catch (error) {
    const isCertain = !hasReturned || ['TIDEMARK_RETRY_LIMIT', 'TIDEMARK_CONFLICT'].includes(error.code)
    if (isCertain) call.fail(String(error.message))
    else call.info(String(error.message))
    return
  }
  call.ok()
}

/** What the others do while one is stopped: a transaction or two, sometimes many, and collection. */
function intrude(others) {
  for (const actor of others) run(actor, makeScript())
  if (below(4) !== 0) return
  for (let i = 0; i < 8; i++) run(pick(others), makeScript())
  for (const { engine } of others) engine.collect()
  for (let i = 0; i < 4; i++) run(pick(others), makeScript())
}

function play(preempt) {
  const [first, ...others] = below(2) === 0 ? actors : actors.toReversed()
  const script = makeScript()
  const intruders = below(3) === 0 ? others.slice(0, 1) : others
  if (below(2) === 0) {
    const where = below(script.steps.length + 1)
    let isDone = false
    run(first, script, (number) => {
      if (number !== where || isDone) return
      isDone = true
      intrude(intruders)
    })
  } else {
    preempt(
      below(40),
      () => run(first, script),
      () => intrude(intruders),
    )
  }
}

/** Waits for somebody who, in this thread, cannot go on are over after a few looks at the clock. */
function withHurriedWaits(body) {
  const original = performance.now
  let nowMs = original.call(performance)
  performance.now = () => (nowMs += 4000)
  try {
    body()
  } finally {
    performance.now = original
  }
}

function meetOthers() {
  Atomics.add(counts, 1, 1)
  Atomics.notify(counts, 1)
  while (Atomics.load(counts, 1) < workerData.workers) Atomics.wait(counts, 1, Atomics.load(counts, 1), 100)
}

if (preempting === undefined) {
  actors = makeActors(SharedMemory.from(buffer))
  meetOthers()
  for (let i = 0; i < plays; i++) run(actors[0], makeScript())
} else {
  const { preempt } = await import(preempting)
  withHurriedWaits(() => {
    for (let i = 0; i < plays; i++) {
      if (i % playsPerStage === 0) {
        actors = makeActors(SharedMemory.create(stageBytes))
        stageKeys += groups * keysPerGroup
        Atomics.store(counts, 0, 0)
      }
      play(preempt)
    }
  })
}
recorder.close()
parentPort.postMessage('done')
