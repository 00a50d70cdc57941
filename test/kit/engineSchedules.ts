import type { Script, Stage } from './engineActor.js'
import type { Random } from './engineRandom.js'

/** All orders in which actors can take their turns: each is a list of actors, one for each action. */
export function* schedulesOf(lengths: readonly number[]): Generator<number[]> {
  if (lengths.every((length) => length === 0)) {
    yield []
    return
  }
  for (const [actor, length] of lengths.entries()) {
    if (length === 0) continue
    const rest = lengths.map((other, i) => (i === actor ? other - 1 : other))
    for (const schedule of schedulesOf(rest)) yield [actor, ...schedule]
  }
}

/** How many schedules there are. */
export function countSchedules(lengths: readonly number[]): number {
  let count = 1
  let total = 0
  for (const length of lengths) for (let i = 1; i <= length; i++) count = (count * ++total) / i
  return Math.round(count)
}

/** A schedule drawn by chance, all being equally probable. */
export function randomSchedule(lengths: readonly number[], random: Random): number[] {
  const turns = lengths.flatMap((length, actor) => Array.from({ length }, () => actor))
  for (let i = turns.length - 1; i > 0; i--) {
    const at = random.below(i + 1)
    const turn = turns[i]!
    turns[i] = turns[at]!
    turns[at] = turn
  }
  return turns
}

/** Has the actors of the stage play their scripts, in the order of the schedule. */
export function playSchedule(stage: Stage, scripts: readonly Script[], schedule: readonly number[]): void {
  const next = scripts.map(() => 0)
  for (const actor of schedule) stage.actors[actor]!.act(scripts[actor]![next[actor]!++]!)
}
