import { open, type Store } from 'tidemark'
import { WorkDigest } from '../../bench/driver/digest.js'
import { Random } from '../../bench/generators/random.js'
import { DeliveryLog } from '../../bench/tpcc/deliveryLog.js'
import { InputRandom, nurandConstants } from '../../bench/tpcc/inputRandom.js'
import { load } from '../../bench/tpcc/load.js'
import { type Population, populationOf } from '../../bench/tpcc/population.js'
import { openTables, type Tables } from '../../bench/tpcc/schema.js'
import type { Terminals } from '../../bench/tpcc/terminal.js'

const seed = 5

export interface LoadedStore {
  readonly store: Store
  readonly tables: Tables
  readonly population: Population
}

/** A store with a small population. The caller closes it. */
export async function loadedStore(name: string, warehouses = 2, scale = 0.004): Promise<LoadedStore> {
  const store = await open({ name, memoryLimitBytes: 256 * 2 ** 20 })
  const population = populationOf(warehouses, scale)
  const tables = openTables(store)
  const random = randomOf(population, 0)
  await load({ store, tables, population, random }, () => {}, new AbortController().signal)
  return { store, tables, population }
}

export function terminalsOf({ store, tables, population }: LoadedStore, homes: readonly number[]): Terminals {
  return {
    store,
    tables,
    population,
    random: randomOf(population, 1),
    homes,
    thread: 1,
    digest: new WorkDigest(),
    deliveries: DeliveryLog.forThreads(1),
  }
}

export function randomOf(population: Population, stream: number): InputRandom {
  return new InputRandom(new Random(seed, stream), population, nurandConstants(seed))
}
