import { describe, expect, test } from 'vitest'
import { faults, Simulation, type SimulationOptions } from '../../../bench/check/simulation.js'
import { historyOf } from '../../../src/history/builder.js'
import type { NewOperation, Value } from '../../../src/history/operation.js'
import { checkTransactions } from '../../../src/check/transactions/check.js'
import { anomalyTypes } from '../../../src/check/verdict.js'
import { makeRandom, type Random } from '../../kit/engineRandom.js'
import { testFactor } from '../../kit/engineThreads.js'
import { hasStrictSerialOrder } from './serialOrders.js'

const workloads = ['list-append', 'rw-register'] as const

function randomOptions(random: Random, transactions: number): SimulationOptions {
  return {
    workload: random.pick(workloads),
    transactions,
    processes: 1 + random.below(8),
    seed: random.below(2 ** 31),
    keys: 1 + random.below(6),
    writesPerKey: 1 + random.below(30),
    maxLength: 1 + random.below(6),
    unknownShare: random.pick([0, 0.1, 0.3]),
    failShare: random.pick([0, 0.1]),
  }
}

function run(options: SimulationOptions): NewOperation[] {
  return [...new Simulation(options).run()]
}

function randomAssumptions(random: Random) {
  const isSet = () => random.below(2) === 0
  return { wfrKeys: isSet(), sequentialKeys: isSet(), linearizableKeys: isSet() }
}

test('a history of a correct database is never invalid', () => {
  const random = makeRandom()
  for (let i = 0; i < 1500 * testFactor; i += 1) {
    const options = randomOptions(random, 1 + random.below(80))
    const verdict = checkTransactions(historyOf(run(options)), {
      workload: options.workload,
      ...randomAssumptions(random),
    })
    expect({ options, types: anomalyTypes(verdict), valid: verdict.valid }).not.toMatchObject({
      valid: false,
    })
  }
})

test('a history is never called invalid when some order explains it', () => {
  const random = makeRandom()
  let found = 0
  let impossible = 0
  for (let i = 0; i < 3000 * testFactor; i += 1) {
    const fault = random.pick(faults)
    const options = { ...randomOptions(random, 2 + random.below(4)), keys: 2, fault }
    const history = historyOf(run(options))
    const isPossible = hasStrictSerialOrder(history)
    const { valid } = checkTransactions(history, { workload: options.workload, wfrKeys: true })
    if (isPossible) expect({ options, valid }).not.toMatchObject({ valid: false })
    else impossible += 1
    if (valid === false) found += 1
  }
  // Registers do not show all orders, so some are missed; lists show most.
  expect(found).toBeGreaterThan(impossible / 3)
})

describe('of a database with a fault, the checker finds', () => {
  test.each(workloads.flatMap((workload) => faults.map((fault) => [workload, fault] as const)))(
    '%s: %s',
    (workload, fault) => {
      const options = { workload, fault, transactions: 1500, processes: 8, seed: 7, failShare: 0.05 }
      const { valid } = checkTransactions(historyOf(run(options)), {
        workload,
        wfrKeys: true,
        linearizableKeys: true,
      })
      expect(valid).toBe(fault === 'none')
    },
  )
})

describe('a verdict stays the same', () => {
  const changes: Readonly<Record<string, (operations: NewOperation[], random: Random) => NewOperation[]>> = {
    'when keys get other names': (operations, random) => {
      const shift = random.below(100)
      return mapMicros(operations, ([f, key, value]) => [
        f,
        `key ${((key as number) * 7 + shift) % 1009}`,
        value,
      ])
    },
    'when processes get other numbers': (operations) =>
      operations.map((operation) => ({ ...operation, process: 100_003 - (operation.process as number) * 3 })),
    'when the clock runs otherwise': (operations, random) =>
      operations.map((operation) => ({ ...operation, time: random.below(1000) })),
    'when valid transactions follow': (operations, random) => {
      const options = { ...randomOptions(random, 40), workload: workloadOf(operations) }
      const more = run(options).map((operation) => ({
        ...operation,
        process: 1_000_000 + (operation.process as number),
      }))
      return [...operations, ...mapMicros(more, ([f, key, value]) => [f, (key as number) + 5000, value])]
    },
  }

  test.each(Object.entries(changes))('%s', (_, change) => {
    const random = makeRandom()
    for (let i = 0; i < 80 * testFactor; i += 1) {
      const options = { ...randomOptions(random, 20 + random.below(100)), fault: random.pick(faults) }
      const operations = run(options)
      const asked = { workload: options.workload, ...randomAssumptions(random) }
      const judge = (of: NewOperation[]) => {
        const { valid, not, alsoNot, ...verdict } = checkTransactions(historyOf(of), asked)
        return { options, valid, not, alsoNot, types: anomalyTypes({ valid, not, alsoNot, ...verdict }) }
      }
      const before = judge(operations)
      // Where nothing depends on anything, what follows may.
      const after = before.valid === 'unknown' ? before : judge(change(operations, random))
      expect(after).toEqual(before)
    }
  })
})

function workloadOf(operations: readonly NewOperation[]): SimulationOptions['workload'] {
  const isList = operations.some(({ value }) =>
    (value as [string, Value, Value][]).some(([f]) => f === 'append'),
  )
  return isList ? 'list-append' : 'rw-register'
}

type Micro = [string, Value, Value]

function mapMicros(operations: readonly NewOperation[], change: (mop: Micro) => Micro): NewOperation[] {
  return operations.map((operation) => ({ ...operation, value: (operation.value as Micro[]).map(change) }))
}
