import { describe, expect, test } from 'vitest'
import { type Action, playHurriedly, type Script, Stage } from '../kit/engineActor.js'
import { forEachPreemption } from '../kit/enginePreempt.js'

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

function transaction(mode: 'optimistic' | 'locking', ...actions: Action[]): Script {
  return [['begin', mode], ...actions, ['commit']]
}

const collect: Script = [['collect'], ['collect']]

function scriptsOf(mode: 'optimistic' | 'locking'): Readonly<Record<string, Script>> {
  return {
    [`${mode} read, write`]: transaction(mode, ['get', 'present'], ['put', 'other']),
    [`${mode} write, read`]: transaction(mode, ['put', 'present'], ['get', 'other'], ['get', 'deleted']),
    [`${mode} scan, write`]: transaction(mode, ['scan'], ['put', 'other']),
    [`${mode} scan backwards`]: transaction(mode, ['scan', { reverse: true, lt: 'p' }], ['delete', 'present']),
    [`${mode} delete`]: transaction(mode, ['delete', 'present'], ['put', 'new'], ['scan']),
    [`${mode} make anew`]: transaction(mode, ['put', 'deleted'], ['get', 'deleted'], ['scan']),
    [`${mode} insert`]: transaction(mode, ['insert', 'deleted'], ['insert', 'present'], ['get', 'deleted']),
    [`${mode} read absent`]: transaction(mode, ['get', 'deleted'], ['get', 'new'], ['put', 'present']),
  }
}

const scripts: Readonly<Record<string, Script>> = {
  ...scriptsOf('optimistic'),
  ...scriptsOf('locking'),
  collection: collect,
}

/** Preempts B everywhere in its script, after A did its first `head` actions, for A to do the rest. */
function duel(first: Script, second: Script): { plays: number; problems: string[]; endings: Set<string> } {
  const problems: string[] = []
  const endings = new Set<string>()
  let plays = 0
  for (let head = 0; head < first.length; head++) {
    const points = forEachPreemption((preemptHere) => {
      const stage = new Stage(2)
      const [a, b] = stage.actors
      stage.prepare(preparation)
      a!.play(first.slice(0, head))
      const intruder = () => a!.play(first.slice(head))
      let hasRun = false
      preemptHere(
        () => b!.play(second),
        () => {
          hasRun = true
          intruder()
        },
      )
      if (!hasRun) intruder()
      plays++
      for (const ending of [...a!.endings, ...b!.endings]) endings.add(ending)
      for (const problem of stage.problems()) problems.push(`after ${head} actions of A, play ${plays}: ${problem}`)
    })
    expect(points).toBeGreaterThan(0)
  }
  return { plays, problems, endings }
}

describe.each(Object.keys(scripts))('%s, preempted anywhere', (second) => {
  test.each(Object.keys(scripts))('by %s, stays strictly serializable', (first) => {
    playHurriedly(() => {
      const { problems, endings } = duel(scripts[first]!, scripts[second]!)
      expect(problems.slice(0, 5)).toEqual([])
      if (first !== 'collection' || second !== 'collection') expect(endings).toContain('committed')
    })
  })
})
