import { onTestFailed } from 'vitest'
import type { CrashDisk } from './crashDisk.js'
import { PowerFailure } from './crashDisk.js'
import { type Random, randomOf } from './engineRandom.js'
import { testFactor } from './engineThreads.js'
import type { MemoryDisk } from './memoryDisk.js'

/** Up to so many changes, every subset of them is tried. */
const exhaustiveChanges = 6

/** Called in a test: a source of chance of which the test says how to have it again. */
export function replayable(file: string): Random {
  const given = process.env['TIDEMARK_SEED']
  const seed = given === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(given)
  onTestFailed(({ task }) => {
    process.stderr.write(`run again with TIDEMARK_SEED=${seed} npx vitest run ${file} -t '${task.name}'\n`)
  })
  return randomOf(seed)
}

/** Runs the body up to the operation during which the power fails. False if it ended before. */
export function runUntilPowerFails(disk: CrashDisk, operation: number, body: () => void): boolean {
  disk.failPowerAt = operation
  try {
    body()
    return false
  } catch (error) {
    if (error instanceof PowerFailure) return true
    throw error
  }
}

/**
 * What may be on the medium after a crash: every subset of the changes that were not synced if they are few;
 * else none, all, each alone, all but each, and `samples` at random.
 */
export function* survivorsOf(disk: CrashDisk, random: Random, samples: number): Generator<MemoryDisk> {
  const count = disk.changeCount
  if (count <= exhaustiveChanges) {
    for (let mask = 0; mask < 2 ** count; mask++)
      yield disk.survivors((change) => ((mask >> change) & 1) === 1)
    return
  }
  yield disk.survivors(() => false)
  yield disk.survivors(() => true)
  for (let sample = 0; sample < samples * testFactor; sample++) {
    const kept = random.below(4)
    if (kept === 0) {
      const only = random.below(count)
      yield disk.survivors((change) => change === only)
    } else if (kept === 1) {
      const without = random.below(count)
      yield disk.survivors((change) => change !== without)
    } else {
      const percent = random.pick([10, 50, 90])
      yield disk.survivors(() => random.below(100) < percent)
    }
  }
}
