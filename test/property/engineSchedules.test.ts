import { describe, expect, test, vi } from 'vitest'
import type { Mode } from '../../src/mvcc/transaction.js'
import { type Action, playHurriedly, type Script, Stage } from '../kit/engineActor.js'
import { makeRandom, type Random } from '../kit/engineRandom.js'
import { countSchedules, playSchedule, randomSchedule, schedulesOf } from '../kit/engineSchedules.js'
import { testFactor } from '../kit/engineThreads.js'

vi.setConfig({ testTimeout: 30_000 * Math.max(1, testFactor) })

function transaction(mode: Mode | 'held', ...actions: Action[]): Script {
  return [['begin', mode], ...actions, ['commit']]
}

const preparation: Script = [
  ['begin'],
  ['put', 'x'],
  ['put', 'y'],
  ['put', 'gone'],
  ['commit'],
  ['begin'],
  ['delete', 'gone'],
  ['commit'],
]

/** What each ends in is of interest only in sum: nothing may go wrong, and not all may fail. */
function play(
  scripts: readonly Script[],
  schedule: readonly number[],
): { problems: string[]; committed: number } {
  const stage = new Stage(scripts.length)
  stage.prepare(preparation)
  playSchedule(stage, scripts, schedule)
  const committed = stage.actors
    .flatMap(({ endings }) => endings)
    .filter((ending) => ending === 'committed').length
  return {
    problems: stage.problems().map((problem) => `schedule ${schedule.join('')}: ${problem}`),
    committed,
  }
}

/** Every schedule, or as many as the limit if there are more, drawn by chance. */
function forAllSchedules(scripts: readonly Script[], limit: number, random: Random): number {
  const lengths = scripts.map(({ length }) => length)
  const isSmall = countSchedules(lengths) <= limit
  const schedules = isSmall
    ? schedulesOf(lengths)
    : Array.from({ length: limit }, () => randomSchedule(lengths, random))
  let committed = 0
  for (const schedule of schedules) {
    const outcome = play(scripts, schedule)
    expect(outcome.problems).toEqual([])
    committed += outcome.committed
  }
  return committed
}

const pairs: readonly (readonly [name: string, a: Action[], b: Action[]])[] = [
  [
    'lost update',
    [
      ['get', 'x'],
      ['put', 'x'],
    ],
    [
      ['get', 'x'],
      ['put', 'x'],
    ],
  ],
  [
    'write skew',
    [
      ['get', 'x'],
      ['get', 'y'],
      ['put', 'x'],
    ],
    [
      ['get', 'x'],
      ['get', 'y'],
      ['put', 'y'],
    ],
  ],
  ['write skew by ranges', [['scan'], ['put', 'x']], [['scan'], ['put', 'y']]],
  [
    'phantom',
    [['scan'], ['scan']],
    [
      ['put', 'new'],
      ['delete', 'x'],
    ],
  ],
  [
    'two phantoms',
    [['scan'], ['put', 'a']],
    [
      ['scan', { reverse: true }],
      ['put', 'z'],
    ],
  ],
  [
    'absent reads',
    [
      ['get', 'new'],
      ['put', 'x'],
    ],
    [
      ['get', 'x'],
      ['put', 'new'],
    ],
  ],
  [
    'inserts of one key',
    [
      ['insert', 'new'],
      ['get', 'x'],
    ],
    [
      ['insert', 'new'],
      ['put', 'x'],
    ],
  ],
  [
    'inserts of a deleted key',
    [
      ['insert', 'gone'],
      ['get', 'gone'],
    ],
    [
      ['insert', 'gone'],
      ['delete', 'gone'],
    ],
  ],
  [
    'inconsistent read',
    [
      ['get', 'x'],
      ['get', 'y'],
    ],
    [
      ['put', 'x'],
      ['put', 'y'],
    ],
  ],
  [
    'delete and read',
    [['delete', 'x'], ['scan']],
    [
      ['get', 'x'],
      ['put', 'y'],
    ],
  ],
]

const modes: readonly Mode[] = ['optimistic', 'locking']

describe('every schedule of two transactions is strictly serializable:', () => {
  for (const [name, a, b] of pairs) {
    test.each(modes.flatMap((first) => modes.map((second) => [first, second] as const)))(
      `${name}, %s and %s`,
      (first, second) => {
        playHurriedly(() => {
          const scripts = [transaction(first, ...a), transaction(second, ...b)]
          expect(forAllSchedules(scripts, 130, makeRandom())).toBeGreaterThan(0)
        })
      },
    )
  }
})

const threes: readonly (readonly [name: string, scripts: readonly Script[]])[] = [
  [
    'long fork',
    [
      transaction('optimistic', ['get', 'x'], ['get', 'y']),
      transaction('optimistic', ['put', 'x']),
      transaction('optimistic', ['get', 'y'], ['put', 'y'], ['get', 'x']),
    ],
  ],
  [
    'a reader, a writer and the collector',
    [
      transaction('optimistic', ['get', 'gone'], ['scan']),
      transaction('optimistic', ['put', 'gone'], ['get', 'gone']),
      [['collect'], ['collect'], ['collect']],
    ],
  ],
  [
    'a held snapshot, updates of what it sees, and the collector',
    [
      transaction('held', ['get', 'x'], ['scan'], ['get', 'x']),
      [...transaction('optimistic', ['put', 'x']), ...transaction('optimistic', ['put', 'x'])],
      [['collect'], ...transaction('optimistic', ['put', 'x']), ['collect']],
    ],
  ],
  [
    'two held snapshots, and updates that are collected in between',
    [
      transaction('held', ['get', 'x'], ['get', 'gone']),
      transaction('held', ['get', 'x'], ['get', 'gone']),
      [
        ...transaction('optimistic', ['put', 'x'], ['put', 'gone']),
        ['collect'],
        ...transaction('optimistic', ['put', 'x'], ['delete', 'gone']),
        ['collect'],
        ...transaction('optimistic', ['put', 'x']),
        ['collect'],
      ],
    ],
  ],
  [
    'circular dependence',
    [
      transaction('optimistic', ['get', 'x'], ['put', 'y']),
      transaction('locking', ['get', 'y'], ['put', 'new']),
      transaction('optimistic', ['get', 'new'], ['put', 'x']),
    ],
  ],
]

describe('schedules of three are strictly serializable:', () => {
  test.each(threes)('%s', (_, scripts) => {
    playHurriedly(() => {
      expect(forAllSchedules(scripts, 200 * testFactor, makeRandom())).toBeGreaterThan(0)
    })
  })

  test('random transactions of random schedules', () => {
    playHurriedly(() => {
      const random = makeRandom()
      let committed = 0
      for (let round = 0; round < 400 * testFactor; round++) {
        const scripts = Array.from({ length: 2 + random.below(2) }, () => randomScript(random))
        const { problems, committed: some } = play(
          scripts,
          randomSchedule(
            scripts.map((s) => s.length),
            random,
          ),
        )
        expect(problems.map((problem) => `${JSON.stringify(scripts)}: ${problem}`)).toEqual([])
        committed += some
      }
      expect(committed).toBeGreaterThan(400)
    })
  })
})

function randomScript(random: Random): Script {
  const script: Action[] = []
  for (let i = 1 + random.below(2); i > 0; i--) {
    const actions = Array.from({ length: 1 + random.below(4) }, () => randomAction(random))
    const readsOnly = actions.every(([kind]) => kind === 'get' || kind === 'scan')
    script.push(...transaction(readsOnly ? 'held' : random.pick(modes), ...actions))
    if (random.below(3) === 0) script.push(['collect'])
  }
  return script
}

function randomAction(random: Random): Action {
  const key = random.pick(['x', 'y', 'gone', 'new'])
  const kind = random.pick(['get', 'get', 'put', 'put', 'insert', 'delete', 'scan'] as const)
  if (kind !== 'scan') return [kind, key]
  return [
    'scan',
    {
      gte: random.pick(['', 'gone', 'new']),
      lt: random.pick(['x', 'y', 'z']),
      reverse: random.below(2) === 0,
    },
  ]
}
