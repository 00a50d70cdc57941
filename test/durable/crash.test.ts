import { describe, expect, test } from 'vitest'
import { CheckpointWriter, removeObsolete } from '../../src/durable/checkpointFile.js'
import type { Disk } from '../../src/durable/disk.js'
import { frameKind } from '../../src/durable/frame.js'
import { PayloadReader } from '../../src/durable/payload.js'
import type { SegmentWriter } from '../../src/durable/segmentWriter.js'
import { repairStore, scanStore } from '../../src/durable/storeScan.js'
import { CrashDisk } from '../kit/crashDisk.js'
import { replayable, runUntilPowerFails, survivorsOf } from '../kit/crashRuns.js'
import type { Random } from '../kit/engineRandom.js'
import { storeId, writeGroup, writerOn } from '../kit/journalKit.js'
import type { MemoryDisk } from '../kit/memoryDisk.js'

const file = 'test/durable/crash.test.ts'

/** A store whose entries are numbers in ascending order, so that any loss or gap shows. */
class Numbers {
  readonly #disk: Disk
  readonly #sizes: () => number
  readonly #position = new Map<number, number>()
  readonly #writer: SegmentWriter
  #next: number
  /** All numbers below are durable, as far as the store has said. */
  acknowledged: number

  constructor(disk: Disk, sizes: () => number) {
    this.#disk = disk
    this.#sizes = sizes
    const { numbers, scan } = recovered(disk)
    repairStore(disk, scan)
    this.#next = this.acknowledged = numbers
    this.#position.set(this.#next, scan.endPosition)
    this.#writer = writerOn(disk, { position: scan.endPosition, segmentBytes: 700, aheadBytes: 200 })
  }

  group(count: number): void {
    const payloads = Array.from({ length: count }, (_, at) => {
      const text = String(this.#next + at)
      return text.padStart(this.#sizes(), '0')
    })
    this.#position.set(this.#next + count, writeGroup(this.#writer, payloads))
    this.#next += count
  }

  sync(): void {
    this.#writer.sync()
    this.acknowledged = this.#next
  }

  /** As it was some numbers ago, with what came since in it too. */
  checkpoint(ago: number): void {
    const first = Math.max(
      ...[...this.#position.keys()].filter((number) => number <= this.acknowledged - ago),
    )
    const position = this.#position.get(first) ?? 0
    const writer = new CheckpointWriter(this.#disk, storeId, position)
    writer.table({ id: 1, name: 'numbers', format: 'string' })
    for (let number = 0; number < this.acknowledged; number++) {
      const key = String(number)
      writer.bytes.write(key, writer.entry(1, key.length, 0), 'latin1')
    }
    writer.install(this.#writer.synced)
    removeObsolete(this.#disk, position)
  }

  end(): void {
    this.#writer.end(this.#writer.position)
    this.acknowledged = this.#next
  }
}

/** How many numbers there are; throws if there is a gap between them. */
function recovered(disk: Disk) {
  const found = new Set<number>()
  const steps = scanStore(disk, ({ bytes, start, end, kind }) => {
    if (kind === frameKind.entry) found.add(Number(bytes.toString('latin1', start, end)))
    if (kind !== frameKind.transaction) return
    const reader = new PayloadReader().open(bytes, start, end)
    while (reader.next()) found.add(Number(bytes.toString('latin1', reader.keyStart, reader.keyEnd)))
  })
  let step = steps.next()
  while (step.done !== true) step = steps.next()
  for (let number = 0; number < found.size; number++)
    if (!found.has(number)) throw new Error(`${number} is missing, of ${found.size}`)
  return { numbers: found.size, scan: step.value }
}

/** Groups, rotations, a checkpoint in the middle, and one more before a clean end. */
function workload(numbers: Numbers): void {
  numbers.group(2)
  numbers.sync()
  numbers.group(1)
  numbers.group(3)
  numbers.sync()
  numbers.group(4)
  numbers.sync()
  numbers.checkpoint(4)
  numbers.group(2)
  numbers.sync()
  numbers.group(1)
  numbers.checkpoint(1)
  numbers.group(3)
  numbers.sync()
  numbers.end()
}

interface Crash {
  readonly at: number
  readonly survivor: MemoryDisk
  readonly acknowledged: number
}

/** Every operation of the workload as the last one, with what may be left then. */
function* crashes(random: Random, sectorBytes: number, samples: number): Generator<Crash> {
  for (let at = 0; ; at++) {
    const disk = new CrashDisk(sectorBytes)
    let acknowledged = 0
    const hasFailed = runUntilPowerFails(disk, at, () => {
      const numbers = new Numbers(disk, () => 8 + random.below(120))
      try {
        workload(numbers)
      } finally {
        acknowledged = numbers.acknowledged
      }
    })
    if (!hasFailed) return
    for (const survivor of survivorsOf(disk, random, samples)) yield { at, survivor, acknowledged }
  }
}

describe.each([512, 4096])('with sectors of %d bytes', (sectorBytes) => {
  test('a crash during any operation loses nothing that was acknowledged, and leaves no gap', () => {
    const random = replayable(file)
    let count = 0
    for (const { at, survivor, acknowledged } of crashes(random, sectorBytes, 60)) {
      const { numbers } = recovered(survivor)
      expect(numbers, `crash at operation ${at}`).toBeGreaterThanOrEqual(acknowledged)
      count++
    }
    expect(count).toBeGreaterThan(500)
  })

  test('a crash during the recovery from a crash, or soon after, loses nothing either', () => {
    const random = replayable(file)
    for (const { at, survivor, acknowledged } of crashes(random, sectorBytes, 3)) {
      const before = recovered(survivor).numbers
      expect(before).toBeGreaterThanOrEqual(acknowledged)
      crashAgain(survivor, { random, sectorBytes, before, where: `${at}` })
    }
  })

  test('after the death of a process alone, a later crash of the machine loses nothing recovered', () => {
    const random = replayable(file)
    for (let at = 0; ; at++) {
      const disk = new CrashDisk(sectorBytes)
      const hasFailed = stopAfter(disk, at, () => workload(new Numbers(disk, () => 30)))
      const again = new Numbers(disk, () => 30)
      const before = again.acknowledged
      again.group(1)
      for (const survivor of survivorsOf(disk, random, 10))
        expect(recovered(survivor).numbers, `process ended at ${at}`).toBeGreaterThanOrEqual(before)
      if (!hasFailed) break
    }
  })
})

interface Again {
  readonly random: Random
  readonly sectorBytes: number
  readonly before: number
  readonly where: string
}

/** Recovers and writes a little, with the power failing during each operation in turn; and twice in a row. */
function crashAgain(survivor: MemoryDisk, { random, sectorBytes, before, where }: Again, depth = 2): void {
  for (let at = 0; ; at++) {
    const disk = new CrashDisk(sectorBytes, survivor.files)
    let acknowledged = before
    const hasFailed = runUntilPowerFails(disk, at, () => {
      const numbers = new Numbers(disk, () => 30)
      numbers.group(2)
      numbers.sync()
      acknowledged = numbers.acknowledged
    })
    if (!hasFailed) return
    const left = [...survivorsOf(disk, random, 2)]
    for (const next of left.length > 4 ? left.slice(0, 2).concat(random.pick(left)) : left)
      expect(recovered(next).numbers, `crash at ${where}, then ${at}`).toBeGreaterThanOrEqual(acknowledged)
    if (depth > 1 && random.below(10) === 0) {
      const chosen = random.pick(left)
      crashAgain(chosen, { random, sectorBytes, before: acknowledged, where: `${where}, ${at}` }, depth - 1)
    }
  }
}

/** A process that ends: what it has written stays with the system, synced or not. */
function stopAfter(disk: CrashDisk, operation: number, body: () => void): boolean {
  disk.fault = { at: operation, code: 'EIO' }
  try {
    body()
    return false
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EIO') throw error
    return true
  } finally {
    disk.fault = undefined
  }
}

describe('an error of the disk', () => {
  test.each(['EIO', 'ENOSPC', 'EROFS'] as const)('%s of any operation loses nothing acknowledged', (code) => {
    const random = replayable(file)
    for (let at = 0; ; at++) {
      const disk = new CrashDisk(512)
      disk.fault = { at, code, writtenBytes: random.below(200) }
      let numbers: Numbers | undefined
      let failure: unknown
      try {
        numbers = new Numbers(disk, () => 8 + random.below(120))
        workload(numbers)
      } catch (error) {
        failure = error
      }
      const acknowledged = numbers?.acknowledged ?? 0
      if (failure === undefined) return
      expect((failure as NodeJS.ErrnoException).code).toBe(code)
      disk.fault = undefined
      expect(recovered(disk).numbers, `failed at ${at}`).toBeGreaterThanOrEqual(acknowledged)
      for (const survivor of survivorsOf(disk, random, 5))
        expect(recovered(survivor).numbers, `failed at ${at}`).toBeGreaterThanOrEqual(acknowledged)
    }
  })
})
