import { describe, expect, test } from 'vitest'
import { checkHistory, type Committed, type Event, finalState } from '../kit/engineHistory.js'
import { forEachPreemption } from '../kit/enginePreempt.js'
import { countSchedules, randomSchedule, schedulesOf } from '../kit/engineSchedules.js'
import { randomOf } from '../kit/engineRandom.js'

let clock = 0

/** Transactions one after the other, in real time and by their stamps. */
function serial(...all: Event[][]): Committed[] {
  return all.map((events, i) => ({ name: `T${i}`, stamp: BigInt(i + 1), from: ++clock, to: ++clock, events }))
}

describe('the check of a history', () => {
  test('accepts what a map would give', () => {
    const history = serial(
      [
        ['put', 'x', '1'],
        ['get', 'x', '1'],
        ['insert', 'y', '2', true],
      ],
      [
        [
          'scan',
          {},
          [
            ['x', '1'],
            ['y', '2'],
          ],
        ],
        ['delete', 'x'],
        ['get', 'x', undefined],
      ],
      [
        ['insert', 'y', '3', false],
        ['scan', { reverse: true, lt: 'z' }, [['y', '2']]],
      ],
    )
    expect(checkHistory(history.toReversed())).toEqual([])
    expect(finalState(history)).toEqual([['y', '2']])
  })

  const broken: readonly (readonly [name: string, history: Committed[], finds: RegExp])[] = [
    [
      'a lost update',
      serial(
        [['put', 'x', '1']],
        [
          ['get', 'x', '1'],
          ['put', 'x', '2'],
        ],
        [
          ['get', 'x', '1'],
          ['put', 'x', '3'],
        ],
      ),
      /T2 .* read x as "1", but it is "2"/,
    ],
    [
      'a stale read of an absent key',
      serial([['put', 'x', '1']], [['get', 'x', undefined]]),
      /T1 .* read x as undefined/,
    ],
    [
      'a phantom',
      serial([['put', 'x', '1']], [['put', 'y', '1']], [['scan', {}, [['x', '1']]]]),
      /T2 .* scanned/,
    ],
    [
      'a key that is gone',
      serial([['put', 'x', '1']], [['delete', 'x']], [['scan', {}, [['x', '1']]]]),
      /T2 .* scanned/,
    ],
    [
      'a scan out of order',
      serial(
        [
          ['put', 'x', '1'],
          ['put', 'y', '1'],
        ],
        [
          [
            'scan',
            {},
            [
              ['y', '1'],
              ['x', '1'],
            ],
          ],
        ],
      ),
      /T1 .* scanned/,
    ],
    [
      'two inserts of one key',
      serial([['insert', 'x', '1', true]], [['insert', 'x', '2', true]]),
      /T1 .* inserted x/,
    ],
    ['a read of a write to come', serial([['get', 'x', '1']], [['put', 'x', '1']]), /T0 .* read x as "1"/],
  ]

  test.each(broken)('finds %s', (_, history, finds) => {
    expect(checkHistory(history).join()).toMatch(finds)
  })

  test('finds write skew', () => {
    const initial = new Map([
      ['x', '1'],
      ['y', '1'],
    ])
    const history = serial(
      [
        ['get', 'x', '1'],
        ['get', 'y', '1'],
        ['put', 'x', '0'],
      ],
      [
        ['get', 'x', '1'],
        ['get', 'y', '1'],
        ['put', 'y', '0'],
      ],
    )
    expect(checkHistory(history, initial)).toEqual([
      expect.stringMatching(/T1 .* read x as "1", but it is "0"/),
    ])
  })

  test('finds stamps against real time, and stamps given twice', () => {
    const [first, second] = serial([['put', 'x', '1']], [['put', 'x', '2']]) as [Committed, Committed]
    expect(checkHistory([{ ...first, stamp: 9n }, second])).toEqual([
      'T1 began after T0 had ended, but comes before it',
    ])
    expect(checkHistory([first, { ...second, stamp: first.stamp }])).toContain('T0 and T1 have one stamp')
    const overlapping = { ...second, from: first.from }
    expect(checkHistory([{ ...first, stamp: 9n }, overlapping])).toEqual([])
  })
})

describe('schedules', () => {
  test('are each counted, and given, once', () => {
    const all = [...schedulesOf([3, 2, 2])]
    expect(all).toHaveLength(countSchedules([3, 2, 2]))
    expect(new Set(all.map(String)).size).toBe(210)
    expect(all.every((schedule) => schedule.toSorted((x, y) => x - y).join() === '0,0,0,1,1,2,2')).toBe(true)
  })

  test('drawn by chance are all schedules', () => {
    const random = randomOf(1)
    const drawn = new Set(Array.from({ length: 3000 }, () => randomSchedule([2, 2, 1], random).join()))
    expect(drawn.size).toBe(countSchedules([2, 2, 1]))
  })
})

test('preemption shows a race that no order of whole operations shows', () => {
  const word = new Int32Array(new SharedArrayBuffer(4))
  const increment = () => void Atomics.store(word, 0, Atomics.load(word, 0) + 1)
  const counts = new Set<number>()
  const points = forEachPreemption((preemptHere) => {
    word[0] = 0
    let isInside = false
    preemptHere(increment, () => {
      isInside = true
      increment()
    })
    if (!isInside) increment()
    counts.add(word[0])
  })
  expect(points).toBe(2)
  expect(counts).toEqual(new Set([1, 2]))
})
