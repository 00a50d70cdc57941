import type { Target } from './target.js'
import { tidemark } from './tidemark.js'

const targets: Readonly<Record<string, Target>> = { tidemark }

export function targetNamed(name: string): Target {
  const target = targets[name]
  if (target === undefined)
    throw new RangeError(`no target '${name}': one of ${Object.keys(targets).join(', ')}`)
  return target
}
