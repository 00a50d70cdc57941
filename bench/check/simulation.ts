import type { NewOperation, Value } from 'tidemark/history'
import { Random } from '../generators/random.js'

/** How a simulated database misbehaves. `none` is strictly serializable. */
export const faults = [
  'none',
  'stale-read',
  'snapshot',
  'read-committed',
  'read-uncommitted',
  'lost-write',
  'aborted-read',
  'fractured',
] as const
export type Fault = (typeof faults)[number]

export interface SimulationOptions {
  readonly workload: 'list-append' | 'rw-register'
  readonly transactions: number
  readonly processes: number
  readonly seed: number
  readonly fault?: Fault
  /** Keys in use at a time; each is given up after `writesPerKey` writes. */
  readonly keys?: number
  readonly writesPerKey?: number
  readonly maxLength?: number
  /** Of calls: how often nobody learns the outcome, and how often the call fails. */
  readonly unknownShare?: number
  readonly failShare?: number
}

type Micro = ['append' | 'w' | 'r', number, Value]

interface Client {
  readonly process: number
  readonly micros: Micro[]
  /** What it saw at its start, for faults that read old states. */
  readonly snapshot: ReadonlyMap<number, Value> | undefined
  step: number
  isFailing: boolean
}

/**
 * A database that runs transactions of concurrent clients one at a time, or with one fault, and what its
 * clients see of it. The same options give the same history.
 */
export class Simulation {
  readonly #options: Required<SimulationOptions>
  readonly #random: Random
  readonly #state = new Map<number, Value>()
  readonly #active: number[] = []
  readonly #written = new Map<number, number>()
  #olderState: ReadonlyMap<number, Value> = new Map()
  #freshKey = 0

  constructor(options: SimulationOptions) {
    this.#options = {
      fault: 'none',
      keys: 10,
      writesPerKey: 32,
      maxLength: 4,
      unknownShare: 0,
      failShare: 0,
      ...options,
    }
    this.#random = new Random(options.seed)
    for (; this.#freshKey < this.#options.keys; this.#freshKey += 1) this.#active.push(this.#freshKey)
  }

  *run(): Generator<NewOperation> {
    const { processes, transactions } = this.#options
    const clients: (Client | undefined)[] = Array.from({ length: processes })
    const names = clients.map((_, i) => i)
    let begun = 0
    let running = 0
    while (begun < transactions || running > 0) {
      const i = this.#below(processes)
      const client = clients[i]
      if (client === undefined) {
        if (begun === transactions) continue
        begun += 1
        running += 1
        const started = this.#begin(names[i]!)
        clients[i] = started
        yield operationOf(
          'invoke',
          started,
          started.micros.map(([f, k, v]) => [f, k, f === 'r' ? null : v]),
        )
      } else if (client.step < client.micros.length && this.#isStepwise()) {
        this.#runMicro(client, client.micros[client.step]!)
        client.step += 1
      } else if (client.step <= client.micros.length) {
        for (; client.step < client.micros.length; client.step += 1) {
          this.#runMicro(client, client.micros[client.step]!)
        }
        client.step += 1
      } else {
        running -= 1
        clients[i] = undefined
        const type = this.#outcome(client)
        if (type === 'info') names[i] = names[i]! + processes
        yield operationOf(type, client, type === 'ok' ? client.micros : asAsked(client.micros))
      }
    }
  }

  #begin(process: number): Client {
    const { fault, failShare } = this.#options
    const isOld = fault === 'stale-read' && this.#random.unit() < 0.1
    if (fault === 'stale-read' && this.#random.unit() < 0.05) this.#olderState = new Map(this.#state)
    const snapshot = fault === 'snapshot' ? new Map(this.#state) : isOld ? this.#olderState : undefined
    const micros = this.#transaction()
    return { process, micros, snapshot, step: 0, isFailing: this.#random.unit() < failShare }
  }

  #transaction(): Micro[] {
    const { workload, maxLength } = this.#options
    const length = 1 + this.#below(maxLength)
    return Array.from({ length }, (): Micro => {
      const at = this.#below(this.#active.length)
      const key = this.#active[at]!
      if (this.#random.unit() < 0.5) return ['r', key, null]
      const value = (this.#written.get(key) ?? 0) + 1
      this.#written.set(key, value)
      if (value === this.#options.writesPerKey) {
        this.#written.delete(key)
        this.#active[at] = this.#freshKey
        this.#freshKey += 1
      }
      return [workload === 'list-append' ? 'append' : 'w', key, value]
    })
  }

  #isStepwise(): boolean {
    const { fault } = this.#options
    return fault === 'read-committed' || fault === 'read-uncommitted' || fault === 'fractured'
  }

  #runMicro(client: Client, mop: Micro): void {
    const [f, key, value] = mop
    const { fault, workload } = this.#options
    const own = this.#ownWrites(client, key)
    const base = client.snapshot ?? this.#state
    if (f === 'r') {
      const seen = base.get(key) ?? null
      mop[2] = workload === 'list-append' ? [...((seen ?? []) as Value[]), ...own] : (own.at(-1) ?? seen)
      return
    }
    if (client.isFailing && fault !== 'aborted-read') return
    if (fault === 'lost-write' && this.#random.unit() < 0.02) return
    const isLastOfKey = !client.micros.slice(client.step + 1).some(([g, k]) => g !== 'r' && k === key)
    if (!isLastOfKey && fault !== 'read-uncommitted') return
    const written = fault === 'read-uncommitted' ? [value] : [...own, value]
    const before = (this.#state.get(key) ?? []) as Value[]
    this.#state.set(key, workload === 'list-append' ? [...before, ...written] : value)
  }

  /** Values that the transaction wrote before and that are not in the state it reads. */
  #ownWrites(client: Client, key: number): Value[] {
    const writes = client.micros.slice(0, client.step).filter(([f, k]) => f !== 'r' && k === key)
    const isVisible = client.snapshot === undefined && !client.isFailing
    const isInstalled = !client.micros.slice(client.step).some(([f, k]) => f !== 'r' && k === key)
    return isVisible && (isInstalled || this.#options.fault === 'read-uncommitted')
      ? []
      : writes.map(([, , value]) => value)
  }

  #outcome(client: Client): 'ok' | 'fail' | 'info' {
    if (client.isFailing) return 'fail'
    return this.#random.unit() < this.#options.unknownShare ? 'info' : 'ok'
  }

  #below(limit: number): number {
    return this.#random.below(limit)
  }
}

function asAsked(micros: readonly Micro[]): Micro[] {
  return micros.map(([f, key, value]) => [f, key, f === 'r' ? null : value])
}

function operationOf(
  type: NewOperation['type'],
  { process }: Client,
  micros: readonly Micro[],
): NewOperation {
  return { type, process, f: 'txn', value: micros.map((mop) => [...mop]) }
}
