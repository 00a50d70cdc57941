import { describe, expect, test } from 'vitest'
import type { Verdict } from '../../src/check/verdict.js'
import { workloadCheckers, type WorkloadOptions } from '../../src/check/workloads/registry.js'
import { historyOf } from '../../src/history/builder.js'
import type { NewOperation, Value } from '../../src/history/operation.js'
import { atomicObjects, runObject } from '../kit/atomicObjects.js'
import { makeRandom, type Random } from '../kit/engineRandom.js'
import { runClients, serialWorkloads } from '../kit/serialRuns.js'

const factor = Number(process.env['TIDEMARK_TEST_FACTOR'] ?? 1)
const options: WorkloadOptions = { total: 60, accounts: [0, 1, 2], timeMs: 20_000 }

type Change = (operations: readonly NewOperation[], random: Random) => NewOperation[]

/** Changes that say the same in other words. */
const changes: Readonly<Record<string, Change>> = {
  'other process ids': (operations, random) => {
    const offset = 1 + random.below(1000)
    return operations.map((operation) => ({ ...operation, process: Number(operation.process) * 7 + offset }))
  },
  'operations of the nemesis between them': (operations, random) =>
    operations.flatMap((operation): NewOperation[] =>
      random.below(4) > 0
        ? [operation]
        : [{ type: 'info', process: 'nemesis', f: 'kill', value: 1 }, operation],
    ),
  'calls that fail at the end': (operations) => {
    const call = operations.find(({ type, f }) => type === 'invoke' && f !== 'txn' && f !== 'write')
    return call === undefined
      ? [...operations]
      : [...operations, { ...call, process: 99_999 }, { ...call, process: 99_999, type: 'fail' }]
  },
  'unknown calls without a completion': (operations) => operations.filter(({ type }) => type !== 'info'),
}

/** Keyed twice over: the same history under a key, and one that is empty of faults beside it. */
const keyed: Change = (operations) =>
  operations.map((operation) => ({ ...operation, value: ['k', operation.value] satisfies Value }))

/** A change may cost time; a verdict that is unknown for it says nothing. */
function expectSame(before: Verdict, after: Verdict, operations: readonly NewOperation[]): void {
  if (before.valid === 'unknown' || after.valid === 'unknown') return
  const of = ({ valid, occurrences }: Verdict) => ({ operations, valid, occurrences })
  expect(of(after)).toEqual(of(before))
}

/** Now and then a read answers something else. */
function withFaults(operations: readonly NewOperation[], random: Random): NewOperation[] {
  return operations.map((operation) =>
    operation.type === 'ok' && operation.f === 'read' && random.below(5) === 0
      ? { ...operation, value: wrongAnswer(operation.value) }
      : operation,
  )
}

/** Money appears; the first element is missing; the counter is far off. */
function wrongAnswer(value: Value): Value {
  if (value instanceof Map) return new Map([...(value as ReadonlyMap<Value, Value>), [0, 1000]])
  return Array.isArray(value) ? value.slice(1) : 1000
}

const runs: Readonly<Record<string, (random: Random) => NewOperation[]>> = {
  ...Object.fromEntries(
    atomicObjects.map((object) => {
      const name = object.name === 'set' ? 'linearizable-set' : object.name
      const shape = { processes: 4, calls: 25, unknowns: 5 }
      // Four in ten are not valid: that none of a test is happens once in a hundred thousand.
      return [name, (random: Random) => runObject(object, random, { ...shape, wrongs: random.pick([0, 30]) })]
    }),
  ),
  ...Object.fromEntries(
    Object.entries(serialWorkloads).map(([name, makeStep]) => [
      name,
      (random: Random) =>
        withFaults(runClients(random, { processes: 4, calls: 40 }, makeStep(random)), random),
    ]),
  ),
}

describe.each(Object.entries(runs))('the verdict on a %s does not change with', (workload, run) => {
  const check = workloadCheckers[workload]!

  test.each(Object.entries(changes))('%s', (_, change) => {
    const random = makeRandom()
    const seen = new Set<unknown>()
    for (let round = 0; round < 25 * factor; round += 1) {
      const operations = run(random)
      const before = check(historyOf(operations), options)
      seen.add(before.valid)
      expectSame(before, check(historyOf(change(operations, random)), options), operations)
    }
    if (workload !== 'long-fork' && workload !== 'mutex') expect(seen).toContain(false)
  })

  test.skipIf(workload === 'bank' || workload === 'long-fork')('a key around its values', () => {
    const random = makeRandom()
    for (let round = 0; round < 25 * factor; round += 1) {
      const operations = run(random)
      const before = check(historyOf(operations), { ...options, keyed: false })
      const after = check(historyOf(keyed(operations, random)), { ...options, keyed: true })
      expectSame(before, after, operations)
    }
  })
})
