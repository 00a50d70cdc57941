// The pieces of the engine, one by one, each against the plainest thing that does the like in one thread.
import type { Tree } from '../../src/mvcc/index/tree.js'
import type { KeyBuffer } from '../../src/mvcc/keyBuffer.js'
import { below } from './below.js'
import {
  compareSides,
  type Comparison,
  type ComparisonTime,
  comparisonTable,
  measurementsOf,
  runAsProgram,
} from './sides.js'

const { SharedMemory } = await below<typeof import('../../src/memory/sharedMemory.js')>('memory/sharedMemory')
const { blockKind } = await below<typeof import('../../src/memory/layout.js')>('memory/layout')
const { Cursor } = await below<typeof import('../../src/mvcc/cursor.js')>('mvcc/cursor')
const engines = await below<typeof import('../../src/mvcc/engine.js')>('mvcc/engine')
const keyBuffers = await below<typeof import('../../src/mvcc/keyBuffer.js')>('mvcc/keyBuffer')
const keys = await below<typeof import('../../src/store/keys.js')>('store/keys')

const records = 20_000
const operations = 1000
const scanLength = 100
const valueBytes = 100
const batch = 20

type Engine = InstanceType<typeof engines.Engine>

/** An engine with one table of numbered records, and the same records in a map and in a sorted array. */
class Scene {
  readonly engine: Engine = new engines.Engine({ memory: SharedMemory.create(128 * 2 ** 20), thread: 0 })
  readonly tree: Tree
  readonly key: KeyBuffer = new keyBuffers.KeyBuffer()
  readonly map = new Map<number, Buffer>()
  readonly sorted: Float64Array = Float64Array.from({ length: records }, (_, number) => number)
  readonly sequence: Int32Array = Int32Array.from({ length: operations }, randomNumbers(records - scanLength))
  readonly #table: number

  constructor() {
    this.#table = this.engine.catalog.open('records', 'bytes').id
    this.tree = this.engine.treeOf(this.#table)
    for (let number = 0; number < records; number++) {
      this.write(number, 1)
      this.map.set(number, Buffer.alloc(valueBytes, number))
    }
  }

  fill(number: number): KeyBuffer {
    const tag = keys.setNumber(number)
    this.key.sealNine(this.#table, tag, keys.numberWords.upper, keys.numberWords.lower)
    return this.key
  }

  /** Writes so many records in one transaction. */
  write(first: number, count: number): number {
    const tx = this.engine.begin('optimistic')
    for (let number = first; number < first + count; number++) {
      const start = (tx.writes.stagedBytes + 3) & ~3
      tx.writes.staging.fill(number, start, start + valueBytes)
      tx.write(this.tree, this.fill(number), start, start + valueBytes)
    }
    return this.commit(tx, count)
  }

  remove(first: number, count: number): number {
    const tx = this.engine.begin('optimistic')
    for (let number = first; number < first + count; number++) tx.delete(this.tree, this.fill(number))
    return this.commit(tx, count)
  }

  /** Reads each number of the sequence, in one transaction. */
  readAll(): number {
    const tx = this.engine.begin('optimistic')
    let sum = 0
    for (let i = 0; i < operations; i++) {
      if (tx.read(this.tree, this.fill(this.sequence[i]!))) sum += tx.end - tx.start
    }
    return this.commit(tx, sum)
  }

  scan(first: number): number {
    const tx = this.engine.begin('optimistic')
    const { bytes, length } = this.fill(first)
    const lower = { bytes, start: keyBuffers.keyStart, length }
    const cursor = new Cursor(this.engine, tx, this.tree, {
      lower,
      isLowerExcluded: false,
      upper: undefined,
      isUpperExcluded: false,
      isReverse: false,
    })
    let sum = 0
    for (let seen = 0; seen < scanLength && cursor.next(); seen++) sum += tx.end - tx.start
    return this.commit(tx, sum)
  }

  commit(tx: ReturnType<Engine['begin']>, answer: number): number {
    const reason = this.engine.commit(tx)
    if (reason !== undefined) throw new Error(`a transaction that is alone was refused: ${reason}`)
    return answer
  }
}

/** Runs an operation on each of the scene's numbers. */
function each({ sequence }: Scene, operation: (number: number) => number): () => number {
  return () => {
    let sum = 0
    for (let i = 0; i < operations; i++) sum += operation(sequence[i]!)
    return sum
  }
}

function pieces(scene: Scene): Comparison[] {
  const { engine, map } = scene
  const { site, arena } = engine.context
  return [
    {
      name: 'tid: begin and end',
      baseline: 'hrtime.bigint',
      operations,
      run: each(scene, () => {
        const stamp = site.begin()
        site.end(stamp)
        return 1
      }),
      runBaseline: each(scene, () => (process.hrtime.bigint() > 0n ? 1 : 0)),
    },
    {
      name: 'directory: find',
      baseline: 'Map.get',
      operations,
      run: each(scene, (number) => (engine.directory.find(scene.fill(number)) === 0 ? 0 : 1)),
      runBaseline: each(scene, (number) => map.get(number)!.length),
    },
    {
      name: 'tuple: read',
      baseline: 'Map.get',
      operations,
      run: () => scene.readAll(),
      runBaseline: each(scene, (number) => map.get(number)!.length),
    },
    {
      name: 'commit: begin, own and install 1',
      baseline: 'Map.set of a new Buffer',
      operations,
      run: each(scene, (number) => scene.write(number, 1)),
      runBaseline: each(scene, (number) => map.set(number, Buffer.alloc(valueBytes, number)).size),
    },
    {
      name: 'arena: allocate and free',
      baseline: 'Buffer.allocUnsafe',
      operations,
      run: each(scene, () => {
        const block = arena.allocate(blockKind.data, valueBytes)
        arena.free(block)
        return block
      }),
      runBaseline: each(scene, () => Buffer.allocUnsafe(valueBytes).length),
    },
  ]
}

function indexOperations(scene: Scene): Comparison[] {
  const { tree, map, sorted } = scene
  return [
    {
      name: 'index: get',
      baseline: 'binary search',
      operations,
      run: each(scene, (number) => (tree.find(scene.fill(number)) === 0 ? 0 : 1)),
      runBaseline: each(scene, (number) => lowerBound(sorted, number) + 1),
    },
    {
      name: `index: insert and delete ${batch}`,
      baseline: 'Map.set and delete',
      operations: batch,
      run: () => scene.write(records, batch) + scene.remove(records, batch),
      runBaseline: () => {
        for (let i = 0; i < batch; i++) map.set(records + i, Buffer.alloc(valueBytes, i))
        for (let i = 0; i < batch; i++) map.delete(records + i)
        return batch
      },
    },
    {
      name: `index: scan ${scanLength}`,
      baseline: 'sorted array and Map.get',
      operations: operations * scanLength,
      run: each(scene, (number) => scene.scan(number)),
      runBaseline: each(scene, (number) => {
        let sum = 0
        const first = lowerBound(sorted, number)
        for (let i = first; i < first + scanLength; i++) sum += map.get(sorted[i]!)!.length
        return sum
      }),
    },
  ]
}

export async function measureEngine(milliseconds: number): Promise<ComparisonTime[]> {
  const scene = new Scene()
  return await compareSides([...pieces(scene), ...indexOperations(scene)], milliseconds)
}

function lowerBound(sorted: Float64Array, key: number): number {
  let low = 0
  let high = sorted.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (sorted[middle]! < key) low = middle + 1
    else high = middle
  }
  return low
}

function randomNumbers(limit: number): () => number {
  let state = 12345
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return Math.floor((state / 2 ** 32) * limit)
  }
}

await runAsProgram(import.meta.url, measureEngine, { table: comparisonTable, measurements: measurementsOf })
