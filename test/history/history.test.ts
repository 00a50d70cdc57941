import { describe, expect, test } from 'vitest'
import { HistoryBuilder, historyOf } from '../../src/history/builder.js'
import { HistoryFormatError } from '../../src/history/errors.js'
import type { NewOperation, Value } from '../../src/history/operation.js'

function call(process: number | string, value: Value, type: NewOperation['type'] = 'ok'): NewOperation[] {
  return [
    { type: 'invoke', process, f: 'txn', value },
    { type, process, f: 'txn', value },
  ]
}

function valuesOf(operations: NewOperation[]): Value[] {
  return [...historyOf(operations)].map(({ value }) => value)
}

describe('a history gives back', () => {
  test.each<[string, Value]>([
    [
      'appends and writes',
      [
        ['append', 1, 2],
        ['w', 'x', -3],
      ],
    ],
    [
      'reads of nothing, one value and lists',
      [
        ['r', 1, null],
        ['r', 1, 5],
        ['r', 1, [5, 6]],
        ['r', 1, []],
      ],
    ],
    [
      'keys and values of any kind',
      [
        ['append', ['a', 1], true],
        ['w', null, 0.5],
        ['r', 2, 'x'],
      ],
    ],
    ['numbers beyond a double', [['append', 12345678901234567890n, 2n ** 70n]]],
    [
      'what is no transaction',
      new Map<Value, Value>([
        [0, 10],
        [1, new Set([1, 2])],
      ]),
    ],
    ['a list that is no list of micro-operations', [1, ['r', 1]]],
    ['nothing', null],
    ['an empty transaction', []],
  ])('%s', (_, value) => {
    expect(valuesOf(call(0, value))).toEqual([value, value])
  })

  test('lists that grow, shrink and contradict each other', () => {
    const lists = [[1], [1, 2, 3], [1, 2], [], [1, 3], [9], [1, 2, 3, 4, 5, 6, 7, 8], [1, 2, 3, 9]]
    const values = lists.map(
      (list): Value => [
        ['r', 'k', list],
        ['r', 'other', [...list, 100]],
      ],
    )
    expect(valuesOf(values.flatMap((value) => call(0, value)))).toEqual(values.flatMap((v) => [v, v]))
  })

  test('all fields', () => {
    const given: NewOperation = {
      index: 7,
      type: 'info',
      process: 'nemesis',
      f: 'kill',
      value: 'n1',
      time: 5,
      error: ['timeout'],
      line: 3,
      tid: 9n,
    }
    expect([...historyOf([given])]).toEqual([given])
  })
})

describe('calls', () => {
  test('pair a process with its own completion', () => {
    const history = historyOf([
      { type: 'invoke', process: 0, f: 'a', value: null },
      { type: 'invoke', process: 1, f: 'b', value: null },
      { type: 'info', process: 'nemesis', f: 'kill', value: null },
      { type: 'ok', process: 1, f: 'b', value: 1 },
      { type: 'fail', process: 0, f: 'a', value: 2 },
      { type: 'invoke', process: 1, f: 'c', value: null },
    ])
    const calls = [...history.calls()].map(({ invocation, completion }) => [invocation.f, completion?.index])
    expect(calls).toEqual([
      ['a', 4],
      ['b', 3],
      ['c', undefined],
    ])
  })

  test('are numbered by position when one index is missing', () => {
    const [invoke, ok] = call(0, null)
    const history = historyOf([{ ...invoke!, index: 30 }, ok!])
    expect([...history].map(({ index }) => index)).toEqual([0, 1])
  })

  test.each([
    ['a completion of nothing', [call(0, null)[1]!], /an invocation by process 0, found 'ok'/],
    ['a process that asks twice', [call(0, null)[0]!, call(0, null)[0]!], /position 0 to complete first/],
  ])('refuse %s', (_, operations, message) => {
    const builder = new HistoryBuilder('h.jsonl')
    const add = () => operations.forEach((operation) => builder.add({ ...operation, line: 12 }))
    expect(add).toThrow(HistoryFormatError)
    expect(() => historyOf(operations)).toThrow(message)
  })
})
