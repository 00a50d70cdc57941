import type { Recorder, Value } from 'tidemark/history'
import type { Random } from '../generators/random.js'
import type { AdapterTransaction } from './adapter.js'
import type { Tally } from './control.js'
import { type Body, type Operation, Refusal } from './steps.js'

/** What a client makes its operations from. */
export interface ClientContext {
  readonly random: Random
  /** Numbers values uniquely. */
  readonly recorder: Recorder
  /** Counts shared by all clients. */
  readonly tally: Tally
  readonly client: number
  /** How many keys, accounts or elements are used at a time. */
  readonly keys: number
  /** Steps of a transaction at most. */
  readonly stepsMax: number
}

/** One kind of load. */
export interface Workload {
  /** What `tidemark check --workload` is told. */
  readonly check: string
  readonly description: string
  readonly keysDefault: number
  readonly stepsDefault: number
  /** What the store holds before the first operation; not recorded. */
  readonly initial?: (keys: number) => readonly (readonly [key: string, value: number])[]
  /** Makes a client: each call is its next operation. */
  client(context: ClientContext): () => Operation
}

/** After so many writes on average a key is left behind for a new one, so that lists stay short. */
const writesPerKey = 32

const initialBalance = 100
const transferMax = 10

function transaction(body: Body): Operation {
  return { f: 'txn', value: null, body }
}

/** A key among those in use now; over time they are replaced by new ones. */
function currentKey({ random, tally, keys }: ClientContext): number {
  return Math.floor(tally.writes() / (keys * writesPerKey)) * keys + random.below(keys)
}

function* read(tx: AdapterTransaction, key: number | string): Generator<unknown, Value, unknown> {
  return ((yield tx.get(String(key))) ?? null) as Value
}

const listAppend: Workload = {
  check: 'list-append',
  description: 'transactions that read lists and append to them',
  keysDefault: 8,
  stepsDefault: 4,
  client: (context) => () => {
    const { random, tally, recorder } = context
    const steps = Array.from({ length: 1 + random.below(context.stepsMax) }, () => {
      const isAppend = random.below(2) === 0
      if (isAppend) tally.addWrite()
      return { key: currentKey(context), element: isAppend ? recorder.unique() : undefined }
    })
    return transaction(function* (tx, call) {
      for (const { key, element } of steps) {
        const list = ((yield* read(tx, key)) ?? []) as readonly number[]
        if (element === undefined) {
          call.read(key, list)
        } else {
          yield tx.put(String(key), [...list, element])
          call.append(key, element)
        }
      }
      return null
    })
  },
}

const rwRegister: Workload = {
  check: 'rw-register',
  description: 'transactions that read registers and write unique values',
  keysDefault: 8,
  stepsDefault: 4,
  client: (context) => () => {
    const { random, tally, recorder } = context
    const steps = Array.from({ length: 1 + random.below(context.stepsMax) }, () => {
      const isWrite = random.below(2) === 0
      if (isWrite) tally.addWrite()
      return { key: currentKey(context), value: isWrite ? recorder.unique() : undefined }
    })
    return transaction(function* (tx, call) {
      for (const { key, value } of steps) {
        if (value === undefined) {
          call.read(key, yield* read(tx, key))
        } else {
          yield tx.put(String(key), value)
          call.write(key, value)
        }
      }
      return null
    })
  },
}

const bank: Workload = {
  check: 'bank',
  description: `transfers between accounts of ${initialBalance} each, and reads of all`,
  keysDefault: 8,
  stepsDefault: 0,
  initial: (keys) => Array.from({ length: keys }, (_, account) => [String(account), initialBalance]),
  client:
    ({ random, keys }) =>
    () => {
      if (random.below(4) === 0) return readAll('read', keys)
      const from = random.below(keys)
      const to = keys === 1 ? from : (from + 1 + random.below(keys - 1)) % keys
      const amount = 1 + random.below(transferMax)
      return {
        f: 'transfer',
        value: new Map<Value, Value>([
          ['from', from],
          ['to', to],
          ['amount', amount],
        ]),
        *body(tx) {
          const balance = Number(yield* read(tx, from))
          if (balance < amount) throw new Refusal('insufficient funds')
          yield tx.put(String(from), balance - amount)
          yield tx.put(String(to), Number(yield* read(tx, to)) + amount)
          return null
        },
      }
    },
}

function readAll(f: string, keys: number): Operation {
  return {
    f,
    value: null,
    *body(tx) {
      const balances = new Map<Value, Value>()
      for (let account = 0; account < keys; account++) balances.set(account, yield* read(tx, account))
      return balances
    },
  }
}

/** Readers that see two independent writes in opposite orders. Every key is written once. */
const longFork: Workload = {
  check: 'long-fork',
  description: 'writes of one key each, and reads of those written about now',
  keysDefault: 2,
  stepsDefault: 0,
  client:
    ({ random, tally, keys }) =>
    () => {
      if (random.below(2) === 0) {
        const key = tally.addWrite()
        return transaction(function* (tx, call) {
          yield tx.put(String(key), 1)
          call.write(key, 1)
          return null
        })
      }
      const latest = tally.writes() + random.below(keys)
      const group = Array.from({ length: keys + 2 }, (_, i) => latest - i).filter((key) => key >= 0)
      const order = random.below(2) === 0 ? group : group.toReversed()
      return transaction(function* (tx, call) {
        for (const key of order) call.read(key, yield* read(tx, key))
        return null
      })
    },
}

/** Two that each read both keys of a pair, and write one: serially, one sees the other's write. */
const writeSkew: Workload = {
  check: 'rw-register',
  description: 'transactions that read a pair of keys and write one of them',
  keysDefault: 8,
  stepsDefault: 0,
  client: (context) => () => {
    const { random, tally, recorder } = context
    const pair = currentKey(context) * 2
    const side = random.below(2)
    const value = recorder.unique()
    tally.addWrite()
    return transaction(function* (tx, call) {
      for (const key of [pair, pair + 1]) call.read(key, yield* read(tx, key))
      yield tx.put(String(pair + side), value)
      call.write(pair + side, value)
      return null
    })
  },
}

/** A client writes its keys in order, one transaction each; whoever sees a later one must see the earlier. */
const sequential: Workload = {
  check: 'rw-register',
  description: 'clients write their keys in turn; readers go the other way',
  keysDefault: 4,
  stepsDefault: 0,
  client({ random, recorder, tally, client, keys }) {
    let turn = 0
    return () => {
      if (random.below(2) === 0) {
        const key = client * keys + (turn++ % keys)
        const value = recorder.unique()
        return transaction(function* (tx, call) {
          yield tx.put(String(key), value)
          call.write(key, value)
          return null
        })
      }
      const first = random.below(tally.clients) * keys
      return transaction(function* (tx, call) {
        for (let i = keys - 1; i >= 0; i--) call.read(first + i, yield* read(tx, first + i))
        return null
      })
    }
  },
}

const set: Workload = {
  check: 'set',
  description: 'elements added to a set kept in several keys, and reads of all',
  keysDefault: 8,
  stepsDefault: 0,
  client:
    ({ random, recorder, keys }) =>
    () => {
      if (random.below(16) === 0) {
        return {
          f: 'read',
          value: null,
          *body(tx) {
            const found: Value[] = []
            for (let key = 0; key < keys; key++) {
              const part = ((yield* read(tx, key)) ?? []) as readonly Value[]
              for (const element of part) found.push(element)
            }
            return found
          },
        }
      }
      const element = recorder.unique()
      const key = String(random.below(keys))
      return {
        f: 'add',
        value: element,
        *body(tx) {
          const list = ((yield* read(tx, key)) ?? []) as readonly Value[]
          yield tx.put(key, [...list, element])
          return null
        },
      }
    },
}

const counter: Workload = {
  check: 'counter',
  description: 'additions to a counter, and reads of it',
  keysDefault: 1,
  stepsDefault: 0,
  client:
    ({ random, keys }) =>
    () => {
      if (random.below(4) === 0) {
        return {
          f: 'read',
          value: null,
          *body(tx) {
            let sum = 0
            for (let key = 0; key < keys; key++) sum += Number((yield* read(tx, key)) ?? 0)
            return sum
          },
        }
      }
      const amount = 1 + random.below(5)
      const key = String(random.below(keys))
      return {
        f: 'add',
        value: amount,
        *body(tx) {
          yield tx.put(key, Number((yield* read(tx, key)) ?? 0) + amount)
          return null
        },
      }
    },
}

export const workloadNames = [
  'list-append',
  'rw-register',
  'bank',
  'long-fork',
  'write-skew',
  'sequential',
  'set',
  'counter',
] as const
export type WorkloadName = (typeof workloadNames)[number]

export const workloads: Readonly<Record<WorkloadName, Workload>> = {
  'list-append': listAppend,
  'rw-register': rwRegister,
  bank,
  'long-fork': longFork,
  'write-skew': writeSkew,
  sequential,
  set,
  counter,
}
