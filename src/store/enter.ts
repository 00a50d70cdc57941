import { crc32cSeed } from '../durable/crc32c.js'
import { isThreadDead, nativeThread } from '../durable/nativeThread.js'
import { Ring } from '../durable/ring.js'
import { SharedMemory } from '../memory/sharedMemory.js'
import { Engine } from '../mvcc/engine.js'
import { JournalLog } from './commitLog.js'
import type { StoreHandle } from './handle.js'
import { thisThread, watchDeaths } from './liveness.js'

/** A site of this thread in a store, without the store's public face. */
export interface Entered {
  readonly engine: Engine
  /** The way into the journal, in a store that has one. */
  readonly log: JournalLog | undefined
  readonly leave: () => void
}

/** Enters the store of the handle with a site of this thread. */
export function enter({ buffer, journal }: StoreHandle): Entered {
  const memory = SharedMemory.from(buffer)
  const options = { memory, thread: thisThread, nativeThread: nativeThread(), isThreadDead }
  const engine = new Engine(journal === undefined ? options : { ...options, createLog: logOf(journal) })
  const unwatch = watchDeaths(engine)
  const leave = () => {
    unwatch()
    engine.leave()
  }
  return { engine, log: engine.log as JournalLog | undefined, leave }
}

function logOf({ buffer, storeId }: NonNullable<StoreHandle['journal']>): (engine: Engine) => JournalLog {
  const ring = Ring.from(buffer)
  const seed = crc32cSeed(storeId)
  return (engine) => new JournalLog(engine, ring, seed)
}
