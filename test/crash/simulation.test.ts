import { describe, expect, test } from 'vitest'
import { CrashDisk, PowerFailure } from '../kit/crashDisk.js'
import { type Contents, DurableRun } from '../kit/durableRun.js'
import { makeRandom, type Random, randomOf } from '../kit/engineRandom.js'
import type { MemoryDisk } from '../kit/memoryDisk.js'

const keys = ['a', 'b', 'c', 'd', 'e']
/** Up to so many lost changes are tried in every combination. */
const exhaustiveChanges = 5
const sampledSubsets = 12
const factor = Number(process.env['TIDEMARK_TEST_FACTOR'] ?? 1)

/** Runs a script of commits, flushes and checkpoints, which depends on the seed alone. */
async function work(disk: CrashDisk, seed: number, steps: number, started?: (run: DurableRun) => void) {
  const random = randomOf(seed)
  const run = await DurableRun.open(disk)
  started?.(run)
  for (let step = 0; step < steps; step++) {
    const site = random.below(2) as 0 | 1
    const value = () => (random.below(4) === 0 ? undefined : `${step}`.padEnd(random.below(200), '.'))
    const writes = [...new Set([random.pick(keys), random.pick(keys)])].map((key) => [key, value()] as const)
    run.commit(site, { reads: [random.pick(keys)], writes })
    const next = random.below(8)
    if (next < 3) run.flush()
    else if (next === 3) run.checkpoint()
  }
  if (random.below(2) === 0) run.close()
  return run
}

/** Everything up to some transaction that nobody was told of too late, and nothing else. */
function expectPrefix(
  found: Contents,
  states: readonly { contents: Contents }[],
  acknowledged: number,
): void {
  const text = (contents: Contents) => JSON.stringify(keys.map((key) => contents.get(key) ?? null))
  const possible = states.slice(Math.max(0, acknowledged - 1)).map(({ contents }) => text(contents))
  expect(possible).toContain(text(found))
}

/** Disks that a crash may leave. */
function* survivorsOf(disk: CrashDisk, random: Random): Generator<MemoryDisk> {
  const { changeCount } = disk
  if (changeCount <= exhaustiveChanges) {
    for (let kept = 0; kept < 2 ** changeCount; kept++)
      yield disk.survivors((change) => ((kept >> change) & 1) === 1)
    return
  }
  yield disk.survivors(() => true)
  yield disk.survivors(() => false)
  for (let i = 0; i < sampledSubsets; i++) {
    const share = 1 + random.below(9)
    yield disk.survivors(() => random.below(10) < share)
  }
}

describe.each([512, 4096])('a store whose power fails, in sectors of %d bytes,', (sectorBytes) => {
  test('has all that was acknowledged, and whole transactions only, wherever that was', {
    timeout: 120_000 * factor,
  }, async () => {
    const random = makeRandom()
    let crashes = 0
    for (let script = 0; script < 4 * factor; script++) {
      const seed = random.below(2 ** 31)
      const whole = new CrashDisk(sectorBytes)
      await work(whole, seed, 8)
      for (let at = 0; at < whole.operations.length; at++) {
        const disk = new CrashDisk(sectorBytes)
        disk.failPowerAt = at
        let run: DurableRun | undefined
        const failure = await work(disk, seed, 8, (started) => {
          run = started
        }).then(
          () => undefined,
          (error: unknown) => error,
        )
        expect(failure).toBeInstanceOf(PowerFailure)
        for (const left of survivorsOf(disk, random)) {
          crashes++
          const again = await DurableRun.open(left)
          expectPrefix(again.contents(), run?.states ?? [{ contents: new Map() }], run?.acknowledged ?? 0)
        }
      }
    }
    expect(crashes).toBeGreaterThan(60)
  })

  test('recovers from a crash of its recovery, again and again', { timeout: 120_000 * factor }, async () => {
    const random = makeRandom()
    for (let script = 0; script < 10 * factor; script++) {
      const first = new CrashDisk(sectorBytes)
      // The operations before it ends are where most is under way.
      const whole = new CrashDisk(sectorBytes)
      await work(whole, script, 10)
      first.failPowerAt = Math.max(1, whole.operations.length - 1 - random.below(12))
      let run: DurableRun | undefined
      await expect(
        work(first, script, 10, (started) => {
          run = started
        }),
      ).rejects.toBeInstanceOf(PowerFailure)
      let left = first.survivors(() => random.below(2) === 0)
      for (let crash = 0; crash < 6; crash++) {
        const disk = new CrashDisk(sectorBytes, left.files)
        disk.failPowerAt = random.below(8)
        const outcome = await DurableRun.open(disk).catch((error: unknown) => error)
        if (!(outcome instanceof PowerFailure)) break
        left = disk.survivors(() => random.below(2) === 0)
      }
      const again = await DurableRun.open(left)
      expectPrefix(again.contents(), run?.states ?? [{ contents: new Map() }], run?.acknowledged ?? 0)
    }
  })
})
