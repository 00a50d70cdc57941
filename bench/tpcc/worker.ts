import { parentPort, workerData } from 'node:worker_threads'
import { attach, type StoreHandle } from 'tidemark'
import { RunControl } from '../driver/control.js'
import { WorkDigest } from '../driver/digest.js'
import { runPhases } from '../driver/loop.js'
import { Random } from '../generators/random.js'
import { DeliveryLog } from './deliveryLog.js'
import { InputRandom, nurandConstants } from './inputRandom.js'
import { populationOf } from './population.js'
import { openTables } from './schema.js'
import type { RunSettings } from './settings.js'
import { homesOf } from './terminal.js'
import { workOf } from './work.js'

/** What a thread of a run is started with. */
export interface WorkerTask {
  readonly settings: RunSettings
  readonly handle: StoreHandle
  readonly thread: number
  readonly deliveries: SharedArrayBuffer
  readonly control: SharedArrayBuffer
}

async function work({ settings, handle, thread, ...task }: WorkerTask): Promise<void> {
  const { warehouses, threads, scale, seed, mix } = settings
  const store = await attach(handle)
  const population = populationOf(warehouses, scale)
  const terminals = {
    store,
    tables: openTables(store),
    population,
    random: new InputRandom(new Random(seed, 1 + thread), population, nurandConstants(seed)),
    homes: homesOf(thread, threads, warehouses),
    thread: 1 + thread,
    digest: new WorkDigest(),
    deliveries: new DeliveryLog(task.deliveries, thread),
  }
  const control = new RunControl(task.control)
  const terminalWork = workOf(terminals, mix)
  parentPort?.postMessage('ready')
  runPhases(control, control.report(thread), terminalWork)
  terminalWork.finish()
  await store.close()
}

await work(workerData as WorkerTask)
