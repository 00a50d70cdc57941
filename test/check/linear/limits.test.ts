import { describe, expect, test } from 'vitest'
import { ModelError } from '../../../src/check/linear/errors.js'
import { checkLinearizable } from '../../../src/check/linear/linearizable.js'
import type { Model } from '../../../src/check/linear/model.js'
import { casRegister, register } from '../../../src/check/linear/registers.js'
import { stateKey } from '../../../src/check/linear/stateKey.js'
import { historyOf } from '../../../src/history/builder.js'
import type { NewOperation, Value } from '../../../src/history/operation.js'
import { casRegisterObject, runObject } from '../../kit/atomicObjects.js'
import { makeRandom } from '../../kit/engineRandom.js'

/** Many writes at the same time, then a read of what nobody wrote: every subset of them must be tried. */
function hardHistory(writes: number, key?: Value): NewOperation[] {
  const operation = (type: NewOperation['type'], process: number, f: string, value: Value): NewOperation => ({
    type,
    process,
    f,
    value: key === undefined ? value : [key, value],
  })
  const processes = Array.from({ length: writes }, (_, process) => process)
  return [
    ...processes.map((process) => operation('invoke', process, 'write', process)),
    operation('invoke', writes, 'read', null),
    ...processes.map((process) => operation('ok', process, 'write', process)),
    operation('ok', writes, 'read', -1),
  ]
}

describe('a search that is too large', () => {
  const history = historyOf(hardHistory(40))

  test('ends at its time limit, and says so', () => {
    const verdict = checkLinearizable(history, { model: register(), timeMs: 50 })
    expect(verdict.valid).toBe('unknown')
    expect(verdict.unknownBecause).toMatch(/time limit of 50 ms.*The first \d+ % of the operations/)
  })

  test('ends at its memory limit, and says so', () => {
    const verdict = checkLinearizable(history, { model: register(), memoryBytes: 2 ** 20 })
    expect(verdict.valid).toBe('unknown')
    expect(verdict.unknownBecause).toMatch(/memory limit of 1048576 bytes/)
  })

  test('reports progress, and can be aborted from there', () => {
    const abort = new AbortController()
    const phases: string[] = []
    const onProgress = ({ phase }: { phase: string }) => {
      phases.push(phase)
      abort.abort(new Error('enough'))
    }
    expect(() => checkLinearizable(history, { model: register(), onProgress, signal: abort.signal })).toThrow(
      'enough',
    )
    expect(phases).toEqual(['linearize'])
  })

  test('does not hide what is wrong with another key', () => {
    const wrong: NewOperation[] = [
      { type: 'invoke', process: 99, f: 'read', value: ['easy', null] },
      { type: 'ok', process: 99, f: 'read', value: ['easy', 7] },
    ]
    const both = historyOf([...hardHistory(40, 'hard'), ...wrong])
    const verdict = checkLinearizable(both, { model: register(), timeMs: 400 })
    expect(verdict.valid).toBe(false)
    expect(verdict.anomalies).toMatchObject([{ kind: 'stuck', key: 'easy' }])
    expect(verdict.notes).toEqual([expect.stringMatching(/key "hard".*time limit/)])
  })

  test('refuses limits that are none', () => {
    expect(() => checkLinearizable(history, { model: register(), timeMs: -1 })).toThrow(/timeMs is -1/)
    expect(() => checkLinearizable(history, { model: register(), memoryBytes: Number.NaN })).toThrow(
      /memoryBytes/,
    )
  })
})

test('10,000 calls of ten clients need few configurations each', () => {
  const random = makeRandom()
  const shape = { processes: 10, calls: 10_000, unknowns: 0, wrongs: 0 }
  const history = historyOf(runObject(casRegisterObject, random, shape))
  const verdict = checkLinearizable(history, { model: casRegister({ nullReads: 'value' }) })
  expect(verdict.valid).toBe(true)
  expect(verdict.stats['configurations']).toBeLessThan(100_000)
})

test('a history of nothing is linearizable', () => {
  expect(checkLinearizable(historyOf([]), { model: register() }).valid).toBe(true)
})

describe('states of user models', () => {
  test('are equal exactly if they hold the same', () => {
    const states: unknown[] = [
      0,
      -0,
      1,
      1n,
      '1',
      true,
      null,
      undefined,
      [],
      [1],
      ['1'],
      {},
      { a: 1 },
      new Map([['a', 1]]),
    ]
    states.push(
      new Set([1]),
      new Set(['1']),
      [[1], 2],
      [1, 2],
      { a: { b: [1] } },
      Number.NaN,
      'a,b',
      ['a', 'b'],
      ['a,b'],
    )
    expect(new Set(states.map((state) => stateKey(state, 'test'))).size).toBe(states.length)
    expect(stateKey({ a: 1, b: new Set([1, 2]) }, 'test')).toBe(
      stateKey({ b: new Set([2, 1]), a: 1 }, 'test'),
    )
  })

  test.each<[string, Partial<Model<unknown>>, RegExp]>([
    ['an instance of a class', { init: new Date(0) }, /Date.*'key'/],
    ['a function', { init: [() => 0] }, /function.*'key'/],
    [
      'a read that writes',
      { step: (state) => Number(state) + 1, isReadOnly: () => true },
      /read-only, but it changes/,
    ],
  ])('with %s are refused', (_, parts, message) => {
    const model: Model<unknown> = {
      name: 'mine',
      functions: ['call'],
      init: 0,
      step: (state) => state,
      ...parts,
    }
    const history = historyOf([
      { type: 'invoke', process: 0, f: 'call', value: null },
      { type: 'ok', process: 0, f: 'call', value: null },
    ])
    expect(() => checkLinearizable(history, { model })).toThrow(ModelError)
    expect(() => checkLinearizable(history, { model })).toThrow(message)
  })
})
