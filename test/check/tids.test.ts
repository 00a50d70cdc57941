import { describe, expect, test } from 'vitest'
import { checkHistory } from '../../src/check/checkHistory.js'
import { WorkloadError } from '../../src/check/transactions/errors.js'
import { anomalyTypes } from '../../src/check/verdict.js'
import { historyOf } from '../../src/history/builder.js'
import type { NewOperation, OperationType, Value } from '../../src/history/operation.js'

interface Step {
  readonly process: number
  readonly type?: OperationType
  readonly value?: Value
  readonly tid?: bigint
}

function typesOf(steps: readonly Step[]): string[] {
  const operations = steps.map(
    ({ process, type = 'ok', value = [], tid }): NewOperation => ({
      type,
      process,
      f: 'txn',
      value,
      ...(tid === undefined ? {} : { tid }),
    }),
  )
  return anomalyTypes(checkHistory(historyOf(operations), { workload: 'tids' }))
}

const invoke = (process: number, value: Value = []): Step => ({ process, type: 'invoke', value })

describe('the order of tids', () => {
  test('explains reads, whatever the order of the answers', () => {
    const value = [['append', 'x', 1]] as const
    expect(
      typesOf([
        invoke(0, value),
        invoke(1, [['append', 'x', 2]]),
        invoke(2),
        {
          process: 2,
          value: [
            ['r', 'x', [2, 1]],
            ['w', 'y', 5],
            ['r', 'y', 5],
          ],
          tid: 30n,
        },
        { process: 0, value, tid: 20n },
        { process: 1, value: [['append', 'x', 2]], tid: 10n },
      ]),
    ).toEqual([])
  })

  test('is refuted by a read of another state', () => {
    const writer = { process: 0, value: [['w', 'x', 1]], tid: 10n } as const
    const reader = (tid: bigint): Step => ({ process: 1, value: [['r', 'x', null]], tid })
    const begun = [invoke(0), invoke(1), writer]
    expect(typesOf([...begun, reader(20n)])).toEqual(['read-against-tids'])
    // At the tid of a writer, a reader comes first.
    expect(typesOf([...begun, reader(10n)])).toEqual([])
  })

  test('is refuted by time', () => {
    expect(typesOf([invoke(0), { process: 0, tid: 20n }, invoke(1), { process: 1, tid: 10n }])).toEqual([
      'tid-against-realtime',
    ])
  })

  test('leaves it open whether an unknown write happened', () => {
    const unknown = [invoke(0, [['append', 'x', 1]]), { process: 0, type: 'info' }] as const
    for (const seen of [[], [1]]) {
      expect(typesOf([...unknown, invoke(1), { process: 1, value: [['r', 'x', seen]], tid: 9n }])).toEqual([])
    }
  })

  test('needs a tid of each', () => {
    expect(() => typesOf([invoke(0), { process: 0 }])).toThrow(WorkloadError)
  })
})
