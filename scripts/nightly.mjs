// Long recorded histories, each of them checked: of threads, of threads that are terminated, and of processes
// that are killed while their store is on disk.
//
//     npm run nightly -- --minutes 30 [--round threads|deaths|kills] [--seconds S] [--seed N] [--out FOLDER]
//
// A history that is not valid is kept, with the commands to look at it and to do the round again. Ends with
// exit code 1 then.
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { Worker } from 'node:worker_threads'
import { open } from 'tidemark'
import { anomalyTypes, checkTransactions } from 'tidemark/check'
import { joinRecording, outcomeOf, startRecording } from 'tidemark/history'

/** @import { ChildProcess } from 'node:child_process' */
/** @import { RecordedCall, Recording } from 'tidemark/history' */
/** @typedef {(recording: Recording, random: () => number) => Promise<string>} Round */

const { values: options } = parseArgs({
  options: {
    minutes: { type: 'string', default: '10' },
    round: { type: 'string' },
    seed: { type: 'string' },
    out: { type: 'string', default: '.' },
    seconds: { type: 'string', default: '5' },
  },
})
const server = fileURLToPath(new URL('./nightly/server.mjs', import.meta.url))
const roundSeconds = Number(options.seconds)
const clients = 8
const keys = 8
/**
 * Resolves when a thread works, or has ended.
 *
 * @type {WeakMap<Worker, Promise<unknown>>}
 */
const ready = new WeakMap()
const writesPerKey = 32

/** @type {Readonly<Record<string, Round>>} */
const rounds = { threads, deaths, kills }
const chosen = options.round === undefined ? Object.keys(rounds) : [options.round]
const minutes = Number(options.minutes)
if (!(minutes > 0 && roundSeconds > 0) || chosen.some((name) => !(name in rounds))) {
  console.error(
    'usage: npm run nightly -- --minutes M [--round threads|deaths|kills] [--seed N] [--out FOLDER]',
  )
  process.exit(2)
}
let seed = options.seed === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(options.seed)

const until = performance.now() + minutes * 60_000
let failures = 0
for (let round = 0; round === 0 || performance.now() < until; round += 1) {
  const name = chosen[round % chosen.length] ?? 'threads'
  if (!(await runRound(name))) failures += 1
  seed += 1
}
console.log(failures === 0 ? '\nall histories are valid' : `\n${failures} histories are NOT valid`)
process.exitCode = failures === 0 ? 0 : 1

/** @param {string} name */
async function runRound(name) {
  const recording = await startRecording({ maxThreads: 4096 })
  try {
    const what = await rounds[name]?.(recording, randomOf(seed))
    const verdict = checkTransactions(await recording.history(), {
      workload: 'list-append',
      models: ['strict-serializable'],
    })
    const { ok, failed, unknown } = verdict.counts
    const line = `${name.padEnd(8)} seed ${seed}: ${what}; ${ok} ok, ${failed} fail, ${unknown} info`
    console.log(
      `${line}; ${verdict.valid === true ? 'valid' : 'NOT VALID'} (${verdict.seconds.toFixed(2)} s)`,
    )
    if (verdict.valid === true) return true
    const path = join(options.out, `nightly-${name}-${seed}.edn`)
    await recording.write(path)
    console.log(`  ${anomalyTypes(verdict).join(', ') || verdict.unknownBecause}`)
    console.log(`  look at it:   npx tidemark check ${path} --workload list-append`)
    console.log(`  do it again:  npm run nightly -- --round ${name} --seed ${seed} --minutes 0.01`)
    return false
  } finally {
    await recording.close()
  }
}

/**
 * Threads that work until the end of the round.
 *
 * @type {Round}
 */
async function threads(recording, random) {
  return onStore(recording, 2 + Math.floor(random() * 3), async (workers) => {
    await Promise.all(workers.map(async (worker) => ready.get(worker)))
    await sleep(roundSeconds * 1000)
    return 0
  })
}

/**
 * Threads that are terminated in the middle of their work, and replaced.
 *
 * @type {Round}
 */
async function deaths(recording, random) {
  return onStore(recording, 3, async (workers, start) => {
    let died = 0
    const end = performance.now() + roundSeconds * 1000
    while (performance.now() < end) {
      const worker = workers.shift()
      if (worker === undefined) break
      await ready.get(worker)
      await sleep(random() * 60)
      await worker.terminate()
      died += 1
      workers.push(start())
    }
    return died
  })
}

/**
 * @param {Recording} recording
 * @param {number} count
 * @param {(workers: Worker[], start: () => Worker) => Promise<number>} work answers how many died
 */
async function onStore(recording, count, work) {
  const store = await open({ name: `nightly ${seed}`, memoryLimitBytes: 512 * 1024 * 1024 })
  const writes = new SharedArrayBuffer(4)
  const workerData = { handle: store.handle, recording: recording.handle, keys, writes }
  /** @type {unknown[]} */
  const errors = []
  const start = () => {
    const worker = new Worker(new URL('./nightly/terminated.mjs', import.meta.url), { workerData })
    worker.on('error', (error) => errors.push(error))
    ready.set(
      worker,
      new Promise((resolve) => {
        worker.once('message', resolve)
        worker.once('exit', resolve)
      }),
    )
    return worker
  }
  const workers = Array.from({ length: count }, start)
  let died = 0
  try {
    died = await work(workers, start)
  } finally {
    await Promise.all(workers.map((worker) => worker.terminate()))
    await store.close()
  }
  if (errors.length > 0) throw new Error('a thread of the nightly run has failed', { cause: errors[0] })
  return `${count} threads, ${died} terminated`
}

/**
 * Clients of a process with a store on disk, which is killed and started again.
 *
 * @type {Round}
 */
async function kills(recording, random) {
  const folder = await mkdtemp(join(tmpdir(), 'tidemark-nightly-'))
  const recorder = joinRecording(recording.handle)
  let killed = 0
  let writes = 0
  const end = performance.now() + 2 * roundSeconds * 1000
  try {
    while (performance.now() < end) {
      const child = await startServer(join(folder, 'store'))
      /** @type {Map<number, { call: RecordedCall, steps: Step[] }>} */
      const asked = new Map()
      let next = 0
      const ask = () => {
        const steps = Array.from({ length: 1 + Math.floor(random() * 4) }, () => {
          const isAppend = random() < 0.5
          if (isAppend) writes += 1
          const key = Math.floor(writes / (keys * writesPerKey)) * keys + Math.floor(random() * keys)
          return { key, element: isAppend ? recorder.unique() : null }
        })
        const id = next++
        asked.set(id, { call: recorder.invoke(), steps })
        // What cannot be sent to the dead is among what nobody knows the outcome of.
        child.send({ id, steps }, () => {})
      }
      child.on('message', (/** @type {Answer} */ answer) => {
        const known = asked.get(answer.id)
        if (known === undefined) return
        asked.delete(answer.id)
        noteAnswer(known.call, known.steps, answer)
        if (child.connected) ask()
      })
      for (let client = 0; client < clients; client += 1) ask()
      await sleep(200 + random() * 1500)
      child.kill('SIGKILL')
      await once(child, 'exit')
      killed += 1
      // Nobody knows what became of what was under way.
      for (const { call, steps } of asked.values()) {
        noteSteps(call, steps, [])
        call.info('the process was killed')
      }
    }
    return `${clients} clients, ${killed} kills and recoveries`
  } finally {
    recorder.close()
    await rm(folder, { recursive: true, force: true })
  }
}

/** @typedef {{ key: number, element: number | null }} Step */
/** @typedef {{ id: number, answers?: number[][], error?: string, code?: string }} Answer */

/**
 * @param {RecordedCall} call
 * @param {Step[]} steps
 * @param {Answer} answer
 */
function noteAnswer(call, steps, { answers, error, code }) {
  noteSteps(call, steps, answers ?? [])
  if (answers !== undefined) call.ok()
  else if (outcomeOf({ code }) === 'fail') call.fail(error ?? null)
  else call.info(error ?? null)
}

/**
 * @param {RecordedCall} call
 * @param {Step[]} steps
 * @param {number[][]} answers
 */
function noteSteps(call, steps, answers) {
  for (const [i, { key, element }] of steps.entries()) {
    call.read(key, answers[i] ?? null)
    if (element !== null) call.append(key, element)
  }
}

/**
 * @param {string} path
 * @returns {Promise<ChildProcess>}
 */
async function startServer(path) {
  const child = fork(server, [path], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
  const started = await Promise.race([
    once(child, 'message').then(() => true),
    once(child, 'exit').then(() => false),
  ])
  if (!started) throw new Error(`the store in ${path} could not be opened again: see above`)
  return child
}

/**
 * @param {number} from
 * @returns {() => number}
 */
function randomOf(from) {
  let state = from | 0
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
