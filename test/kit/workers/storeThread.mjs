// A worker thread that does what the test asks for by name: see storeThread.ts. It imports what users import.
import { parentPort, threadId, Worker } from 'node:worker_threads'
import { attach, bytes, json, msgpack, open, string } from 'tidemark'
import { jobs } from './storeJobs.mjs'

const codecs = { bytes, json, msgpack, string }

/** The store last attached, and the tables opened in it. */
let store

const commands = {
  ...Object.fromEntries(Object.entries(jobs).map(([name, job]) => [name, (...args) => job(store, ...args)])),

  async attach(which) {
    store = which === undefined ? await attach() : await attach(which)
    return { name: store.name, status: store.status, threadId }
  },

  async open(options) {
    store = await open(options)
    return { name: store.name, handle: store.handle }
  },

  status: () => store.status,
  close: () => store.close(),
  stats: () => store.stats(),

  put: (table, key, value) => store.transaction((tx) => tx.put(store.table(table), key, value)),
  get: (table, key) => store.snapshot((tx) => tx.get(store.table(table), key)),

  table(name, codec) {
    const table = store.table(name, codec === undefined ? {} : { codec: codecs[codec] })
    return table.name
  },

  /** Attaches in a worker of this worker, by no argument, and reads there. */
  async nested(table, key) {
    const worker = new Worker(new URL('storeThread.mjs', import.meta.url))
    try {
      await ask(worker, 1, 'attach', [])
      return await ask(worker, 2, 'get', [table, key])
    } finally {
      await worker.terminate()
    }
  },
}

function ask(worker, id, command, args) {
  return new Promise((resolve, reject) => {
    worker.once('error', reject)
    worker.once('message', (reply) =>
      'error' in reply ? reject(new Error(reply.error.message)) : resolve(reply.value),
    )
    worker.postMessage({ id, command, args })
  })
}

async function run({ id, command, args }) {
  try {
    parentPort.postMessage({ id, value: await commands[command](...args) })
  } catch (error) {
    const { name, code, message, cause } = error
    parentPort.postMessage({ id, error: { name, code, message, reason: cause?.reason } })
  }
}

parentPort.on('message', (request) => void run(request))
