import { Random } from '../generators/random.js'
import { targetNamed } from '../targets/registry.js'
import type { Database, Session, ValueKind, ValueKinds } from '../targets/target.js'
import { hexOf } from '../report/json.js'
import { InsertSequence } from '../ycsb/inserts.js'
import { load } from '../ycsb/load.js'
import type { RunSettings } from '../ycsb/settings.js'
import { type ThreadContext, threadContext } from '../ycsb/thread.js'
import { verify } from '../ycsb/verify.js'

interface Opened<V> {
  readonly database: Database
  readonly context: ThreadContext<V>
}

async function opened<K extends ValueKind>(
  settings: RunSettings & { readonly value: K },
): Promise<Opened<ValueKinds[K]>> {
  const database = await targetNamed(settings.target).open(settings)
  const session: Session<ValueKinds[K]> = await database.session<K>(settings.value)
  const inserts = InsertSequence.create(settings.records, 1)
  const context = threadContext<K>({ session, settings, random: new Random(settings.seed), inserts })
  return { database, context }
}

/**
 * Loads all records, takes a checkpoint if that is what to recover from, and leaves the database open: the
 * process is about to be killed.
 */
export async function fill(settings: RunSettings, interrupt: AbortSignal): Promise<void> {
  const { database, context } = await opened(settings)
  await load(context, () => {}, interrupt)
  if (settings.checkpoints === 'loaded') await database.checkpoint?.()
}

/** Opens what the killed process left, and reads every record back: all must be there and well-formed. */
export async function recover(settings: RunSettings): Promise<object> {
  const started = performance.now()
  const { database, context } = await opened(settings)
  const openSeconds = (performance.now() - started) / 1000
  await verify(context, settings.records)
  const seconds = (performance.now() - started) / 1000
  const { memoryBytes } = database.counters()
  await database.close()
  const us = openSeconds * 1e6
  return {
    target: settings.target,
    threads: 1,
    seconds,
    openSeconds,
    abortsPerSecond: 0,
    aborts: {},
    committed: settings.records,
    committedPerSecond: settings.records / seconds,
    latencySamples: 1,
    latencyUs: { p50: us, p95: us, p99: us, p999: us, max: us },
    memoryBytes,
    records: settings.records,
    checksum: hexOf(settings.records),
    options: settings,
  }
}
