import { describe, expect, test, vi } from 'vitest'
import type { Mode } from '../../src/mvcc/transaction.js'
import { type Action, playHurriedly, type Script, Stage } from '../kit/engineActor.js'
import { countPoints, preempt } from '../kit/enginePreempt.js'
import { makeRandom, type Random } from '../kit/engineRandom.js'
import { testFactor } from '../kit/engineThreads.js'

vi.setConfig({ testTimeout: 30_000 * Math.max(1, testFactor) })

/** 'present' and 'other' are there; 'deleted' was deleted, and nobody can see it any more. */
const preparation: Script = [
  ['begin'],
  ['put', 'deleted'],
  ['put', 'other'],
  ['put', 'present'],
  ['commit'],
  ['begin'],
  ['delete', 'deleted'],
  ['commit'],
]

function transaction(mode: Mode | 'held', ...actions: Action[]): Script {
  return [['begin', mode], ...actions, ['commit']]
}

function scriptsOf(mode: Mode): Readonly<Record<string, Script>> {
  return {
    [`${mode} read only`]: transaction(mode, ['get', 'present'], ['get', 'other'], ['get', 'deleted']),
    [`${mode} scan only`]: transaction(mode, ['scan'], ['scan', { reverse: true }]),
    [`${mode} read, write`]: transaction(mode, ['get', 'present'], ['put', 'other']),
    [`${mode} write, read`]: transaction(mode, ['put', 'present'], ['get', 'other'], ['get', 'deleted']),
    [`${mode} scan, write`]: transaction(mode, ['scan'], ['put', 'other']),
    [`${mode} scan backwards`]: transaction(
      mode,
      ['scan', { reverse: true, lt: 'p' }],
      ['delete', 'present'],
    ),
    [`${mode} delete`]: transaction(mode, ['delete', 'present'], ['put', 'new'], ['scan']),
    [`${mode} make anew`]: transaction(mode, ['put', 'deleted'], ['get', 'deleted'], ['scan']),
    [`${mode} insert`]: transaction(mode, ['insert', 'deleted'], ['insert', 'present'], ['get', 'deleted']),
    [`${mode} read absent`]: transaction(mode, ['get', 'deleted'], ['get', 'new'], ['put', 'present']),
  }
}

const scripts: Readonly<Record<string, Script>> = {
  ...scriptsOf('optimistic'),
  ...scriptsOf('locking'),
  collection: [['collect'], ['collect']],
  'held read': transaction('held', ['get', 'present'], ['get', 'other'], ['get', 'present']),
  'held scan': transaction('held', ['scan'], ['scan', { reverse: true }]),
  // What the first update has replaced is used again by the last.
  updates: Array.from({ length: 4 }, () => [
    ...transaction('optimistic', ['put', 'present'], ['put', 'other']),
    ['collect'] as const,
  ]).flat(),
}

interface Play {
  readonly first: string
  readonly third: string
  /** How many actions the first has done before. */
  readonly head: number
  /** Whether the first goes on in the middle, or only afterwards. */
  readonly isFirstInside: boolean
  readonly at: number
}

/** How many atomic operations the script has, if nobody is in its way. */
function lengthOf(second: string): number {
  const stage = new Stage(3)
  stage.prepare(preparation)
  return countPoints(() => stage.actors[1]!.play(scripts[second]!))
}

function draw(random: Random, length: number): Play {
  const names = Object.keys(scripts)
  const first = random.pick(names)
  return {
    first,
    third: random.pick(names),
    head: random.below(scripts[first]!.length),
    isFirstInside: random.below(2) === 0,
    // Half of all in the last part, the commit.
    at: random.below(2) === 0 ? random.below(length) : length - 1 - random.below(Math.ceil(length / 3)),
  }
}

/**
 * Preempts the second actor somewhere in its script: the third then plays all of its own, and the first,
 * which has begun before, the rest of its.
 */
function perform(second: string, { first, third, head, isFirstInside, at }: Play): Stage {
  const stage = new Stage(3)
  stage.prepare(preparation)
  const [a, b, c] = stage.actors
  a!.play(scripts[first]!.slice(0, head))
  const finishFirst = () => a!.play(scripts[first]!.slice(head))
  const isPreempted = preempt(
    at,
    () => b!.play(scripts[second]!),
    () => {
      if (isFirstInside) finishFirst()
      c!.play(scripts[third]!)
    },
  )
  if (!isPreempted) c!.play(scripts[third]!)
  if (!isPreempted || !isFirstInside) finishFirst()
  return stage
}

describe('strictly serializable, preempted anywhere by two others, is', () => {
  test.each(Object.keys(scripts))('%s', (second) => {
    playHurriedly(() => {
      const random = makeRandom()
      const length = lengthOf(second)
      const endings = new Set<string>()
      for (let i = 0; i < 36 * testFactor; i++) {
        const drawn = draw(random, length)
        const stage = perform(second, drawn)
        for (const ending of stage.actors[1]!.endings) endings.add(ending)
        const problems = stage.problems().map((problem) => `${JSON.stringify(drawn)}: ${problem}`)
        expect(problems).toEqual([])
      }
      if (second !== 'collection') expect(endings).toContain('committed')
    })
  })
})
