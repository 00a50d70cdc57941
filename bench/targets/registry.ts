import { levelTargets } from '../peers/level.js'
import { lmdbTargets } from '../peers/lmdb.js'
import { redisTargets } from '../peers/redis.js'
import { sqliteTargets } from '../peers/sqlite.js'
import { map } from './map.js'
import type { Target } from './target.js'
import { durableTidemark, tidemark } from './tidemark.js'

/** All targets, in the order of reports. A peer's own code is loaded when it is opened. */
export const targets: readonly Target[] = [
  tidemark,
  ...durableTidemark,
  ...lmdbTargets,
  ...sqliteTargets,
  ...levelTargets,
  ...redisTargets,
  map,
]

export function targetNamed(name: string): Target {
  const target = targets.find((candidate) => candidate.name === name)
  if (target === undefined)
    throw new RangeError(`no target '${name}': one of ${targets.map((each) => each.name).join(', ')}`)
  return target
}
