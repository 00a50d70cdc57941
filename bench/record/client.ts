import { setImmediate } from 'node:timers/promises'
import type { Recorder } from 'tidemark/history'
import { Random } from '../generators/random.js'
import type { AdapterStore } from './adapter.js'
import type { Tally } from './control.js'
import type { RecordSettings } from './options.js'
import { type Ending, runAsync, runSync } from './steps.js'
import { type Workload, workloads } from './workloads.js'

/** A client that takes turns gives the others theirs after so many operations, even if nothing waits. */
const operationsPerTurn = 16

/** All that a client needs, and what became of it. */
export interface Client {
  readonly store: AdapterStore
  readonly recorder: Recorder
  readonly tally: Tally
  readonly settings: RecordSettings
  /** From 0. */
  readonly number: number
}

/** Runs a client to its end, on a thread of its own; answers the last error that was no refusal. */
export async function runAlone(client: Client): Promise<string | undefined> {
  if (client.store.transactionSync === undefined) return runTogether(client)
  const { store, recorder, tally } = client
  const next = operationsOf(client)
  const errors = new Errors(tally)
  while (tally.claim()) errors.note(runSync(store, recorder, next()))
  return errors.last
}

/** The same beside other clients of this thread. */
export async function runTogether(client: Client): Promise<string | undefined> {
  const { store, recorder, tally } = client
  const next = operationsOf(client)
  const errors = new Errors(tally)
  for (let done = 1; tally.claim(); done++) {
    errors.note(await runAsync(store, recorder, next()))
    if (done % operationsPerTurn === 0) await setImmediate()
  }
  return errors.last
}

function operationsOf({ settings, recorder, tally, number }: Client): ReturnType<Workload['client']> {
  const { keys, stepsMax, seed, workload } = settings
  const random = new Random(seed, 1 + number)
  return workloads[workload].client({ random, recorder, tally, client: number, keys, stepsMax })
}

class Errors {
  last: string | undefined
  readonly #tally: Tally

  constructor(tally: Tally) {
    this.#tally = tally
  }

  note(ending: Ending): void {
    this.#tally.note(ending.type)
    if (ending.type !== 'ok' && !ending.isRefusal) this.last = ending.error
  }
}
