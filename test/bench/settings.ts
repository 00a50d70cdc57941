import { Random } from '../../bench/generators/random.js'
import type { ValueKind, ValueKinds } from '../../bench/targets/target.js'
import { InsertSequence } from '../../bench/ycsb/inserts.js'
import { load } from '../../bench/ycsb/load.js'
import type { RunSettings } from '../../bench/ycsb/settings.js'
import { type ThreadContext, threadContext } from '../../bench/ycsb/thread.js'
import { MapSession } from './mapSession.js'

export const smallRun: RunSettings & { readonly value: 'string' } = {
  target: 'tidemark',
  workload: 'txn',
  threads: 1,
  inFlight: 1,
  longReaders: 0,
  records: 500,
  seconds: 0.1,
  warmup: 0,
  seed: 7,
  skew: 0.8,
  value: 'string',
  keys: 'integer',
  readFields: 'all',
  operationsPerTransaction: 4,
  readRatio: 100,
  api: 'transaction',
  memoryLimitBytes: undefined,
  directory: undefined,
  history: undefined,
}

export interface LoadedMap<V> {
  readonly session: MapSession<V>
  readonly context: ThreadContext<V>
}

/** A thread's context over a map that holds the loaded records, with its counts at zero. */
export async function loadedMap<K extends ValueKind>(
  settings: RunSettings & { readonly value: K },
): Promise<LoadedMap<ValueKinds[K]>> {
  const session = new MapSession<ValueKinds[K]>()
  const inserts = InsertSequence.create(settings.records, 1)
  const context = threadContext<K>({ session, settings, random: new Random(settings.seed), inserts })
  await load(context, () => {}, new AbortController().signal)
  for (const name of ['get', 'put', 'insert', 'values', 'readOnly', 'readWrite'] as const)
    session.calls[name] = 0
  return { session, context }
}
