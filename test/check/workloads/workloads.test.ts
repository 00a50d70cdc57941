import { describe, expect, test } from 'vitest'
import { workloadCheckers, type WorkloadOptions } from '../../../src/check/workloads/registry.js'
import { historyOf } from '../../../src/history/builder.js'
import { HistoryFormatError } from '../../../src/history/errors.js'
import type { NewOperation, Value } from '../../../src/history/operation.js'
import { makeRandom } from '../../kit/engineRandom.js'
import { runClients, serialWorkloads } from '../../kit/serialRuns.js'

const factor = Number(process.env['TIDEMARK_TEST_FACTOR'] ?? 1)

/** `0 add 5` invokes, `0 ok 5` completes the call of process 0: values are JSON, nothing is null. */
function operations(text: string): NewOperation[] {
  const running = new Map<number, string>()
  return text
    .trim()
    .split('\n')
    .map((line) => {
      const [, client = '', word = '', json = ''] = /^\s*(\d+) (\w+) ?(.*)$/.exec(line) ?? []
      const process = Number(client)
      const value = json === '' ? null : toValue(JSON.parse(json))
      if (word === 'ok' || word === 'fail' || word === 'info') {
        return { type: word, process, f: running.get(process) ?? '', value }
      }
      running.set(process, word)
      return { type: 'invoke', process, f: word, value }
    })
}

function toValue(json: unknown): Value {
  if (Array.isArray(json)) return json.map(toValue)
  if (typeof json !== 'object' || json === null) return json as Value
  return new Map(Object.entries(json).map(([key, held]) => [Number(key), toValue(held)]))
}

function judge(workload: string, text: string, options: WorkloadOptions = {}) {
  const verdict = workloadCheckers[workload]!(historyOf(operations(text)), options)
  return { valid: verdict.valid, types: verdict.occurrences, verdict }
}

type Planted = [what: string, workload: string, text: string, type: string, options?: WorkloadOptions]

const planted: Planted[] = [
  ['money appears', 'bank', '0 read\n0 ok {"0":5,"1":5}\n0 read\n0 ok {"0":6,"1":5}', 'wrong-total'],
  ['a first read is wrong too', 'bank', '0 read\n0 ok {"0":5,"1":6}', 'wrong-total', { total: 10 }],
  ['a debt', 'bank', '0 read\n0 ok {"0":-5,"1":15}', 'negative-value', { total: 10 }],
  ['an account out of nowhere', 'bank', '0 read\n0 ok {"0":5}\n0 read\n0 ok {"0":5,"7":0}', 'unexpected-key'],
  ['an account without balance', 'bank', '0 read\n0 ok [[0,5],[1,null]]', 'nil-balance', { total: 5 }],
  ['an add is forgotten', 'counter', '0 add 2\n0 ok 2\n0 read\n0 ok 1', 'out-of-bounds'],
  ['an add counts twice', 'counter', '0 add 2\n0 ok 2\n0 read\n0 ok 4', 'out-of-bounds'],
  ['a failed add counts', 'counter', '0 add 2\n0 fail 2\n0 read\n0 ok 2', 'out-of-bounds'],
  ['a subtraction is forgotten', 'counter', '0 add -2\n0 ok -2\n0 read\n0 ok 0', 'out-of-bounds'],
  [
    'one key of two is wrong',
    'counter',
    '0 add [1,2]\n0 ok [1,2]\n0 read [2,null]\n0 ok [2,2]',
    'out-of-bounds',
  ],
  [
    'two reads see two writes in opposite orders',
    'long-fork',
    `0 txn [["w",1,1]]
     1 txn [["w",2,1]]
     2 txn [["r",1,null],["r",2,null]]
     3 txn [["r",2,null],["r",1,null]]
     2 ok [["r",1,1],["r",2,null]]
     3 ok [["r",2,1],["r",1,null]]
     0 ok [["w",1,1]]
     1 ok [["w",2,1]]`,
    'long-fork',
  ],
  ['a value out of nowhere', 'long-fork', '0 txn [["r",1,null]]\n0 ok [["r",1,9]]', 'unexpected-read'],
  ['an element is lost', 'set', '0 add 1\n0 ok 1\n0 read\n0 ok []', 'lost'],
  ['an element out of nowhere', 'set', '0 read\n0 ok [3]', 'unexpected'],
  ['an element whose add failed', 'set', '0 add 3\n0 fail 3\n0 read\n0 ok [3]', 'unexpected'],
  ['an element twice', 'set', '0 add 3\n0 ok 3\n0 read\n0 ok [3,3]', 'duplicated'],
  [
    'an element is lost after a while',
    'set-full',
    '0 add 1\n0 ok 1\n0 read\n0 ok [1]\n0 read\n0 ok []',
    'lost',
  ],
  [
    'an unknown element that was seen is lost',
    'set-full',
    '0 add 1\n0 info 1\n1 read\n1 ok [1]\n1 read\n1 ok []',
    'lost',
  ],
  [
    'an element comes late',
    'set-full',
    '0 add 1\n0 ok 1\n0 read\n0 ok []\n0 read\n0 ok [1]',
    'stale',
    { linearizable: true },
  ],
  [
    'an element twice in one of the reads',
    'set-full',
    '0 add 1\n0 ok 1\n0 read\n0 ok [1,1]\n0 read\n0 ok [1]',
    'duplicated',
  ],
  [
    'the later of two writes alone',
    'sequential',
    '0 write 1\n0 ok 1\n0 write 2\n0 ok 2\n1 read\n1 ok [2]',
    'missing-predecessor',
  ],
  [
    'both transactions insert',
    'write-skew',
    '0 insert [1,[5,null]]\n1 insert [1,[null,6]]\n0 ok [1,[5,null]]\n1 ok [1,[null,6]]',
    'G2',
  ],
  ['a stale read', 'register', '0 write 1\n0 ok 1\n0 write 2\n0 ok 2\n1 read\n1 ok 1', 'nonlinearizable'],
  [
    'a compare-and-set of another value',
    'cas-register',
    '0 write 1\n0 ok 1\n0 cas [2,3]\n0 ok [2,3]',
    'nonlinearizable',
  ],
  ['two holders of a lock', 'mutex', '0 acquire\n0 ok\n1 acquire\n1 ok', 'nonlinearizable'],
  [
    'an element comes out of order',
    'fifo-queue',
    '0 enqueue 1\n0 ok 1\n0 enqueue 2\n0 ok 2\n0 dequeue\n0 ok 2',
    'nonlinearizable',
  ],
  [
    'an element comes out twice',
    'unordered-queue',
    '0 enqueue 1\n0 ok 1\n0 dequeue\n0 ok 1\n0 dequeue\n0 ok 1',
    'nonlinearizable',
  ],
  ['a set forgets', 'linearizable-set', '0 add 1\n0 ok 1\n0 read\n0 ok []', 'nonlinearizable'],
]

describe('is found:', () => {
  test.each<Planted>(planted)('%s (%s)', (_, workload, text, type, options) => {
    const { valid, types, verdict } = judge(workload, text, options)
    expect({ valid, types }).toEqual({ valid: false, types: [{ type, count: 1 }] })
    expect(verdict.not).not.toEqual([])
    const [anomaly] = verdict.anomalies
    expect(anomaly?.sentence).toMatch(/T\d.*\.$/s)
    const calls =
      anomaly?.kind === 'stuck'
        ? anomaly.blocked.map(({ call }) => call)
        : anomaly?.kind === 'evidence'
          ? anomaly.calls
          : []
    expect(calls.length).toBeGreaterThan(0)
  })
})

describe('is no reason to complain:', () => {
  test.each<[string, string, string, WorkloadOptions?]>([
    [
      'a debt where debts are allowed',
      'bank',
      '0 read\n0 ok {"0":-5,"1":15}',
      { total: 10, negativeBalances: true },
    ],
    ['an add of unknown outcome, found', 'counter', '0 add 2\n0 info 2\n1 read\n1 ok 2'],
    ['an add of unknown outcome, not found', 'counter', '0 add 2\n0 info 2\n1 read\n1 ok 0'],
    ['an add at the same time', 'counter', '0 add 2\n1 read\n1 ok 0\n1 read\n1 ok 2\n0 ok 2'],
    ['a recovered element', 'set', '0 add 1\n0 info 1\n1 read\n1 ok [1]'],
    ['an add after the last read', 'set', '0 read\n1 add 1\n1 ok 1\n0 ok []'],
    ['an element that comes late', 'set-full', '0 add 1\n0 ok 1\n0 read\n0 ok []\n0 read\n0 ok [1]'],
    [
      'a missed write at the same time',
      'sequential',
      '0 write 1\n1 write 2\n0 ok 1\n1 ok 2\n1 read\n1 ok [2]',
    ],
    [
      'one insert of two',
      'write-skew',
      '0 insert [1,[5,null]]\n0 ok [1,[5,null]]\n0 insert [1,[null,6]]\n0 fail [1,[null,6]]',
    ],
    [
      'a set per key',
      'set',
      '0 add [1,1]\n0 ok [1,1]\n0 read [1,null]\n0 ok [1,[1]]\n0 read [2,null]\n0 ok [2,[]]',
    ],
  ])('%s (%s)', (_, workload, text, options) => {
    const { valid, types } = judge(workload, text, options)
    expect({ valid, types }).toEqual({ valid: true, types: [] })
  })
})

test.each(['bank', 'counter', 'long-fork', 'set', 'set-full', 'sequential', 'write-skew'])(
  'a %s that nobody looked at is unknown',
  (workload) => {
    const { valid, verdict } = judge(workload, '0 nothing\n0 fail'.replace('nothing', functionOf(workload)))
    expect(valid).toBe('unknown')
    expect(verdict.unknownBecause).toMatch(/read|succeeded/)
  },
)

/** A call that has failed, with a value that the workload accepts. */
function functionOf(workload: string): string {
  if (workload === 'long-fork') return 'txn [["w",1,1]]'
  if (workload === 'write-skew') return 'insert [1,2]'
  return 'read'
}

describe('bad input is named:', () => {
  test.each<[string, string, string, RegExp]>([
    ['another function', 'bank', '0 steal 3', /operation 0/],
    ['balances that are none', 'bank', '0 read\n0 ok 7', /map of accounts.*7 \(operation 1\)/],
    ['an amount that is none', 'counter', '0 add "x"', /number.*"x" \(operation 0\)/],
    [
      'a key written twice',
      'long-fork',
      '0 txn [["w",1,1]]\n0 ok [["w",1,1]]\n0 txn [["w",1,2]]',
      /once.*operation 2/,
    ],
    ['a transaction that reads and writes', 'long-fork', '0 txn [["w",1,1],["r",2,null]]', /operation 0/],
    ['an element written twice', 'sequential', '0 write 1\n0 ok 1\n0 write 1', /once.*operation 2/],
    ['a read that is no list', 'set', '0 read\n0 ok 5', /list or set.*operation 1/],
    ['an insert without a key', 'write-skew', '0 insert 5', /tuple.*operation 0/],
    ['a compare-and-set without a pair', 'cas-register', '0 cas 5', /pair.*operation 0/],
    ['a dequeue of nothing', 'fifo-queue', '0 dequeue\n0 ok', /element.*operation 1/],
  ])('%s (%s)', (_, workload, text, message) => {
    expect(() => judge(workload, text)).toThrow(HistoryFormatError)
    expect(() => judge(workload, text)).toThrow(message)
  })
})

describe.each(Object.entries(serialWorkloads))(
  'runs of a %s that keeps its promises',
  (workload, makeStep) => {
    test('are never invalid', () => {
      const random = makeRandom()
      for (let round = 0; round < 150 * factor; round += 1) {
        const shape = { processes: 1 + random.below(6), calls: 1 + random.below(80) }
        const history = historyOf(runClients(random, shape, makeStep(random)))
        const options = { total: 60, accounts: [0, 1, 2], linearizable: true }
        const verdict = workloadCheckers[workload]!(history, options)
        expect(verdict.anomalies).toEqual([])
      }
    })
  },
)
