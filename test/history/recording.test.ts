import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { NewOperation, Value } from '../../src/history/operation.js'
import { joinRecording, type Recorder } from '../../src/history/recording/recorder.js'
import { checkHistoryPath, type Recording, startRecording } from '../../src/history/recording/recording.js'
import { chunkWords, Slot } from '../../src/history/recording/tape.js'
import { makeRandom, type Random } from '../kit/engineRandom.js'

let folder = ''
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tidemark-recording-test-'))
})
afterAll(async () => {
  await rm(folder, { recursive: true, force: true })
})

async function operationsOf(recording: Recording): Promise<NewOperation[]> {
  const operations: NewOperation[] = []
  for await (const batch of recording.operations()) operations.push(...batch)
  return operations
}

/** The types and values alone, in order. */
async function storyOf(recording: Recording): Promise<(readonly [string, number | string, Value])[]> {
  return (await operationsOf(recording)).map(({ type, process, value }) => [type, process, value] as const)
}

describe('a recording', () => {
  test('tells each operation as its client saw it, the last run of a transaction only', async () => {
    await using recording = await startRecording({ folder })
    const recorder = joinRecording(recording.handle)
    const call = recorder.invoke()
    call.read('x', 1)
    call.restart()
    call.read('x', 2)
    call.write('y', 3)
    call.append('l', 4)
    call.ok()
    const failed = recorder.invoke()
    failed.read('x', 2)
    failed.write('x', 9)
    failed.fail('no')
    expect(await storyOf(recording)).toEqual([
      [
        'invoke',
        0,
        [
          ['r', 'x', null],
          ['w', 'y', 3],
          ['append', 'l', 4],
        ],
      ],
      [
        'ok',
        0,
        [
          ['r', 'x', 2],
          ['w', 'y', 3],
          ['append', 'l', 4],
        ],
      ],
      [
        'invoke',
        0,
        [
          ['r', 'x', null],
          ['w', 'x', 9],
        ],
      ],
      [
        'fail',
        0,
        [
          ['r', 'x', null],
          ['w', 'x', 9],
        ],
      ],
    ])
  })

  test('never continues a process whose operation has an unknown outcome', async () => {
    await using recording = await startRecording({ folder })
    const recorder = joinRecording(recording.handle)
    recorder.invoke('add', 1).info('timeout')
    recorder.invoke('read').ok([1])
    recorder.invoke('add', 2)
    expect(await storyOf(recording)).toEqual([
      ['invoke', 0, 1],
      ['info', 0, 1],
      ['invoke', 1, null],
      ['ok', 1, [1]],
      ['invoke', 1, 2],
      ['info', 1, 2],
    ])
  })

  test('keeps calls of one thread apart that are open together', async () => {
    await using recording = await startRecording({ folder })
    const recorder = joinRecording(recording.handle)
    const [a, b] = [recorder.invoke(), recorder.invoke()]
    a.write('x', 1)
    b.write('x', 2)
    a.read('y', null)
    b.ok()
    a.ok()
    expect(await storyOf(recording)).toEqual([
      [
        'invoke',
        0,
        [
          ['w', 'x', 1],
          ['r', 'y', null],
        ],
      ],
      ['invoke', 1, [['w', 'x', 2]]],
      ['ok', 1, [['w', 'x', 2]]],
      [
        'ok',
        0,
        [
          ['w', 'x', 1],
          ['r', 'y', null],
        ],
      ],
    ])
  })

  test('is in the order of time, over all recorders, and numbers values uniquely', async () => {
    await using recording = await startRecording({ folder, maxThreads: 3 })
    const recorders = [0, 1, 2].map(() => joinRecording(recording.handle))
    const expected: [string, Value][] = []
    for (let i = 0; i < 1000; i++) {
      const call = recorders[(i * 7) % 3]!.invoke()
      const value = recorders[(i * 7) % 3]!.unique()
      call.write('k', value)
      call.ok()
      expected.push(['invoke', [['w', 'k', value]]], ['ok', [['w', 'k', value]]])
    }
    const operations = await operationsOf(recording)
    expect(operations.map(({ type, value }) => [type, value])).toEqual(expected)
    expect(operations.map(({ index }) => index)).toEqual(operations.map((_, i) => i))
    const times = operations.map(({ time }) => time!)
    expect(times).toEqual(times.toSorted((a, b) => a - b))
    expect(new Set(expected.map(([, value]) => JSON.stringify(value))).size).toBe(1000)
  })
})

function randomValue(random: Random): Value {
  return random.pick<() => Value>([
    () => null,
    () => random.below(2) === 0,
    () => random.below(2 ** 31) - 2 ** 30,
    () => random.below(2 ** 31) * 2 ** 20 + 0.5,
    () => -0,
    () => BigInt(random.below(1000)) << 70n,
    () => random.bytes(random.below(120)),
    () => 'häß€😀'.repeat(random.below(30)),
    () => '\ud800 alone',
    () => Array.from({ length: random.below(50) }, () => random.below(1e6)),
    () => ['mixed', [1.5, null]],
    () =>
      new Map<Value, Value>([
        [1, 'one'],
        ['two', [2]],
      ]),
    () => new Set<Value>([1, 'two']),
  ])()
}

describe('a tape', () => {
  test('gives back every value, over many chunks', async () => {
    const random = makeRandom()
    await using recording = await startRecording({ folder })
    const recorder = joinRecording(recording.handle)
    const written: Value[] = []
    for (let i = 0; i < 20_000; i++) {
      const call = recorder.invoke()
      const pair: [Value, Value] = [randomValue(random), randomValue(random)]
      call.write(...pair)
      call.ok()
      written.push([['w', ...pair]])
    }
    expect(await readdir(recording.handle.folder)).toEqual(['0.tape'])
    const found = await operationsOf(recording)
    expect(found.filter(({ type }) => type === 'ok').map(({ value }) => value)).toEqual(written)
  })

  test('takes events larger than a chunk, first, last, and between small ones', async () => {
    await using recording = await startRecording({ folder })
    const recorder = joinRecording(recording.handle)
    const sizes = [chunkWords, 5, chunkWords - 2, 1, 3 * chunkWords + 7, 0, chunkWords - 1, 2 * chunkWords]
    for (const size of sizes) {
      const call = recorder.invoke()
      call.read(
        'k',
        Array.from({ length: size }, (_, i) => i),
      )
      call.read('s', 'x'.repeat(size))
      call.ok()
    }
    const found = await operationsOf(recording)
    const lengths = found
      .filter(({ type }) => type === 'ok')
      .map(({ value }) => (value as [string, string, { length: number }][]).map(([, , { length }]) => length))
    expect(lengths).toEqual(sizes.map((size) => [size, size]))
  })

  /** The thread is terminated in the middle of a copy: the file has some of the chunk, all of it, or none. */
  test.each([0, 1, chunkWords * 4 - 4, chunkWords * 4])(
    'is whole when its thread died with %i bytes of the last chunk in the file',
    async (bytes) => {
      await using recording = await startRecording({ folder })
      const count = fillOneChunk(joinRecording(recording.handle), new Slot(recording.handle.buffer, 0))
      const path = join(recording.handle.folder, '0.tape')
      const { truncate } = await import('node:fs/promises')
      // As if the copy of the chunk were under way: nothing of the next one is published.
      await truncate(path, bytes)
      new Slot(recording.handle.buffer, 0).published = chunkWords
      const found = await operationsOf(recording)
      expect(found.filter(({ type }) => type === 'ok')).toHaveLength(count)
    },
  )
})

/** Records until the first chunk has just been copied; answers how many operations it has. */
function fillOneChunk(recorder: Recorder, slot: Slot): number {
  for (let count = 0; ; count++) {
    const before = slot.words.slice()
    const call = recorder.invoke()
    call.ok()
    if (slot.published <= chunkWords) continue
    // The next chunk was begun in the same memory: put back what was there when the thread died.
    slot.words.set(before)
    return count
  }
}

describe('what cannot be recorded is refused:', () => {
  test('more threads than were asked for', async () => {
    await using recording = await startRecording({ folder, maxThreads: 1 })
    joinRecording(recording.handle)
    expect(() => joinRecording(recording.handle)).toThrow('start it with larger maxThreads')
    expect(await operationsOf(recording)).toEqual([])
  })

  test('a closed recording, a handle that is none, a bad number of threads', async () => {
    const recording = await startRecording({ folder })
    await recording.close()
    expect(() => joinRecording(recording.handle)).toThrow('the recording is closed')
    expect(() => joinRecording({} as never)).toThrow('not the handle of a recording')
    await expect(startRecording({ maxThreads: 0 })).rejects.toThrow('from 1 to')
    await expect(startRecording({ folder: join(folder, 'nowhere') })).rejects.toThrow('nowhere')
  })

  test('a value that cannot be copied; what follows is recorded as ever', async () => {
    await using recording = await startRecording({ folder })
    const call = joinRecording(recording.handle).invoke()
    const broken = (() => 1) as unknown as Value
    expect(() => call.write(new Map([[1, 2]]), broken)).toThrow('a key or value cannot be recorded')
    call.write(new Map([[3, 4]]), 5)
    call.ok()
    expect((await operationsOf(recording))[1]?.value).toEqual([['w', new Map([[3, 4]]), 5]])
  })

  test('files without a known ending, or in no folder', async () => {
    await expect(checkHistoryPath(join(folder, 'a.txt'))).rejects.toThrow('must end in .edn')
    await expect(checkHistoryPath(join(folder, 'nowhere/a.edn'))).rejects.toThrow('nowhere')
    await expect(checkHistoryPath(join(folder, 'a.edn'))).resolves.toBeUndefined()
  })

  test('a thread that could not write its part: the history says so instead of being short', async () => {
    const recording = await startRecording({ folder })
    const recorder = joinRecording(recording.handle)
    await rm(recording.handle.folder, { recursive: true })
    for (let i = 0; i < 3 * chunkWords; i++) recorder.invoke().ok()
    await expect(operationsOf(recording)).rejects.toThrow('thread 0 could not write its part')
  })
})

test('a history is written as EDN or JSON lines, and temporary files go', async () => {
  const recording = await startRecording({ folder })
  const recorder = joinRecording(recording.handle)
  const call = recorder.invoke()
  call.write(1, 2)
  call.ok()
  recorder.invoke('add', 5)
  const edn = await recording.write(join(folder, 'h.edn'))
  expect(edn).toEqual({ path: join(folder, 'h.edn'), operations: 4, unfinished: 1 })
  await recording.write(join(folder, 'h.jsonl'))
  const lines = (await readFile(join(folder, 'h.edn'), 'utf8')).trimEnd().split('\n')
  expect(lines[1]).toMatch(/^\{:index 1, :time \d+, :type :ok, :process 0, :f :txn, :value \[\[:w 1 2\]\]\}$/)
  const jsonLines = (await readFile(join(folder, 'h.jsonl'), 'utf8')).trimEnd().split('\n')
  expect(jsonLines.map((line) => (JSON.parse(line) as { type: string }).type)).toEqual([
    'invoke',
    'ok',
    'invoke',
    'info',
  ])
  await recording.close()
  expect(await readdir(folder)).not.toContainEqual(expect.stringMatching('tidemark-recording-'))
})
