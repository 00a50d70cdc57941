import { parentPort, workerData } from 'node:worker_threads'
import { RunControl } from '../driver/control.js'
import { Random } from '../generators/random.js'
import { targetNamed } from '../targets/registry.js'
import type { ValueKind } from '../targets/target.js'
import { AloneFacts } from './aloneFacts.js'
import { InsertSequence } from './inserts.js'
import { timedLoad } from './load.js'
import type { RunSettings } from './settings.js'
import { threadContext } from './thread.js'
import { verify } from './verify.js'
import { runThread } from './work.js'

/** What the only thread of a run is started with. */
export interface AloneTask<K extends ValueKind = ValueKind> {
  readonly settings: RunSettings & { readonly value: K }
  readonly control: SharedArrayBuffer
  readonly facts: SharedArrayBuffer
}

async function work<K extends ValueKind>({ settings, ...task }: AloneTask<K>): Promise<void> {
  const database = await targetNamed(settings.target).open(settings)
  const session = await database.session<K>(settings.value)
  const inserts = InsertSequence.create(settings.records, settings.inFlight)
  const control = new RunControl(task.control)
  const facts = new AloneFacts(task.facts)
  const context = threadContext<K>({ session, settings, random: new Random(settings.seed), inserts })
  const loaded = await timedLoad(context, database, () => {}, new AbortController().signal)
  facts.loaded(loaded.loadSeconds, loaded.bytesPerRecord)
  const lanes = Array.from({ length: settings.inFlight }, (_, lane) =>
    threadContext<K>({
      session,
      settings,
      random: new Random(settings.seed, 1 + lane),
      inserts: new InsertSequence(inserts.buffer, lane),
    }),
  )
  await runThread(control, control.report(0), {
    lanes,
    role: 'worker',
    onReady: () => parentPort?.postMessage('ready'),
  })
  const records = inserts.acknowledged()
  await verify(context, records)
  facts.verified(records)
  await database.close()
}

await work(workerData as AloneTask)
