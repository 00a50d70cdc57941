import { expect, test } from 'vitest'
import { Simulation } from '../../../bench/check/simulation.js'
import { historyOf } from '../../../src/history/builder.js'
import type { NewOperation } from '../../../src/history/operation.js'
import { checkHistory, UnknownWorkloadError } from '../../../src/check/checkHistory.js'
import { UnknownModelError } from '../../../src/check/models.js'
import { checkTransactions } from '../../../src/check/transactions/check.js'

const operations = [
  ...new Simulation({
    workload: 'list-append',
    fault: 'snapshot',
    transactions: 300,
    processes: 6,
    seed: 1,
  }).run(),
]

test('without time to look for cycles, the verdict is unknown and says why', () => {
  const { valid, unknownBecause } = checkTransactions(
    historyOf(operations.map((operation) => ({ ...operation }))),
    { models: ['strict-serializable'], timeMs: 0 },
  )
  // What needs no search is found all the same.
  expect([false, 'unknown']).toContain(valid)
  if (valid === 'unknown') expect(unknownBecause).toMatch(/time limit of 0 ms/)
})

test('progress is reported by phase', () => {
  const phases = new Set<string>()
  checkTransactions(historyOf(operations), { onProgress: ({ phase }) => phases.add(phase) })
  expect([...phases]).toEqual(['infer', 'components', 'cycles'])
})

test('a check can be aborted from its progress', () => {
  const controller = new AbortController()
  const abort = () => controller.abort(new Error('enough'))
  const check = () =>
    checkTransactions(historyOf(operations), { signal: controller.signal, onProgress: abort })
  expect(check).toThrow('enough')
})

test('transactions that depend on nothing are no proof', () => {
  const history = historyOf([
    { type: 'invoke', process: 0, f: 'txn', value: [['append', 'x', 1]] },
    { type: 'ok', process: 0, f: 'txn', value: [['append', 'x', 1]] },
  ])
  expect(checkTransactions(history)).toMatchObject({
    valid: 'unknown',
    unknownBecause: expect.stringContaining('nothing to judge'),
    occurrences: [{ type: 'empty-transaction-graph', count: 1 }],
  })
})

test('unknown names are refused, with those there are', () => {
  const history = historyOf(operations)
  expect(() => checkHistory(history, { workload: 'toString' })).toThrow(UnknownWorkloadError)
  expect(() => checkHistory(history, { models: ['serialisable'] })).toThrow(UnknownModelError)
  expect(() => checkHistory(historyOf([]))).toThrow(/the history holds no transactions.*list-append/)
})

test('a register value that several wrote and one read is refused; one that nobody read is not', () => {
  const call = (process: number, value: NewOperation['value']): NewOperation[] => [
    { type: 'invoke', process, f: 'txn', value },
    { type: 'ok', process, f: 'txn', value },
  ]
  const writes = [...call(0, [['w', 'x', 1]]), ...call(1, [['w', 'x', 1]])]
  expect(checkHistory(historyOf(writes)).valid).toBe(true)
  const read = historyOf([...writes, ...call(2, [['r', 'x', 1]])])
  expect(() => checkHistory(read)).toThrow(
    /value 1 is read in key x, and several transactions wrote it, operation 2/,
  )
})
