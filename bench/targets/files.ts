import { mkdirSync } from 'node:fs'
import type { TargetOptions } from './target.js'

/** The folder that a target with files was given; made if it is not there. */
export function folderOf({ directory }: TargetOptions): string {
  if (directory === undefined) throw new RangeError('this target keeps files and needs a directory for them')
  mkdirSync(directory, { recursive: true })
  return directory
}
