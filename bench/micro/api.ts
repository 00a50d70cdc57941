// What the public API adds to the engine below it: the same transactions once through `tidemark`, and once as
// calls of the engine with the same codecs. Both sides work through the same keys, one after the other,
// several times over; checksums and the tables themselves show that both did the work.
import { open, type Store, string, type Table, type Transaction } from 'tidemark'
import { Bench } from 'tinybench'
import type { Engine } from '../../src/mvcc/engine.js'
import type { Tree } from '../../src/mvcc/index/tree.js'
import type { KeyBuffer } from '../../src/mvcc/keyBuffer.js'
import type { MvccTransaction } from '../../src/mvcc/transaction.js'
import { below } from './below.js'
import { type Measurement, median, runAsProgram } from './sides.js'

const { SharedMemory } = await below<typeof import('../../src/memory/sharedMemory.js')>('memory/sharedMemory')
const { Cursor } = await below<typeof import('../../src/mvcc/cursor.js')>('mvcc/cursor')
const engines = await below<typeof import('../../src/mvcc/engine.js')>('mvcc/engine')
const keyBuffers = await below<typeof import('../../src/mvcc/keyBuffer.js')>('mvcc/keyBuffer')
const keys = await below<typeof import('../../src/store/keys.js')>('store/keys')

const records = 10_000
const scanLength = 100
const rounds = 5
const memoryLimitBytes = 64 * 1024 ** 2

/** Keys for one call measured, and values to be written. */
const keySequence = Int32Array.from({ length: 4000 }, randomKeys(records - scanLength))
const texts = Array.from({ length: 64 }, (_, i) => textOf(i))

/** What a side does with its data. Each answers a checksum of what it saw. */
interface Side {
  read(first: number, count: number): number
  write(first: number, count: number): number
  scan(first: number): number
  /** All entries. */
  contents(): [number, string][]
}

interface Work {
  readonly name: string
  readonly transactionsPerCall: number
  run(side: Side, i: number): number
}

const works: readonly Work[] = [
  { name: '1 read', transactionsPerCall: 1000, run: (side, i) => side.read(i, 1) },
  { name: '4 reads', transactionsPerCall: 1000, run: (side, i) => side.read(4 * i, 4) },
  { name: '1 write', transactionsPerCall: 1000, run: (side, i) => side.write(i, 1) },
  { name: '4 writes', transactionsPerCall: 1000, run: (side, i) => side.write(4 * i, 4) },
  { name: `${scanLength}-record scan`, transactionsPerCall: 20, run: (side, i) => side.scan(i) },
]

/** Through the package's door. */
class ApiSide implements Side {
  readonly #store: Store
  readonly #table: Table<number, string>
  #first = 0
  #count = 0
  readonly #readBody: (tx: Transaction) => number
  readonly #writeBody: (tx: Transaction) => number
  readonly #scanBody: (tx: Transaction) => number

  constructor(store: Store) {
    this.#store = store
    this.#table = store.table<number, string>('records', { codec: string })
    this.#readBody = (tx) => this.#read(tx)
    this.#writeBody = (tx) => this.#write(tx)
    this.#scanBody = (tx) => this.#scan(tx)
    for (let key = 0; key < records; key++)
      store.transactionSync((tx) => tx.put(this.#table, key, valueOf(key)))
  }

  read(first: number, count: number): number {
    this.#first = first
    this.#count = count
    return this.#store.transactionSync(this.#readBody)
  }

  write(first: number, count: number): number {
    this.#first = first
    this.#count = count
    return this.#store.transactionSync(this.#writeBody)
  }

  scan(first: number): number {
    this.#first = first
    return this.#store.transactionSync(this.#scanBody)
  }

  contents(): [number, string][] {
    return this.#store.snapshot((tx) => tx.getRange(this.#table).toArray())
  }

  #read(tx: Transaction): number {
    let sum = 0
    for (let i = 0; i < this.#count; i++) sum += sumOf(tx.get(this.#table, keyAt(this.#first + i)))
    return sum
  }

  #write(tx: Transaction): number {
    for (let i = 0; i < this.#count; i++) {
      const at = this.#first + i
      tx.put(this.#table, keyAt(at), textAt(at))
    }
    return this.#count
  }

  #scan(tx: Transaction): number {
    let sum = 0
    const range = tx.getRange(this.#table, { gte: keyAt(this.#first), limit: scanLength })
    for (const [key, value] of range) sum += key + sumOf(value)
    return sum
  }
}

/** By the calls that the API makes of the engine, and no others. */
class EngineSide implements Side {
  readonly #engine: Engine
  readonly #key: KeyBuffer = new keyBuffers.KeyBuffer()
  readonly #lower: KeyBuffer = new keyBuffers.KeyBuffer()
  readonly #table: number
  readonly #tree: Tree

  constructor() {
    this.#engine = new engines.Engine({ memory: SharedMemory.create(memoryLimitBytes), thread: 0 })
    this.#table = this.#engine.catalog.open('records', string.name).id
    this.#tree = this.#engine.treeOf(this.#table)
    for (let key = 0; key < records; key++) {
      const tx = this.#engine.begin('optimistic')
      this.#put(tx, key, valueOf(key))
      this.#commit(tx)
    }
  }

  read(first: number, count: number): number {
    const tx = this.#engine.begin('optimistic')
    let sum = 0
    for (let i = 0; i < count; i++) {
      this.#fill(this.#key, keyAt(first + i))
      if (tx.read(this.#tree, this.#key)) sum += sumOf(string.decode(tx.source, tx.start, tx.end))
    }
    this.#commit(tx)
    return sum
  }

  write(first: number, count: number): number {
    const tx = this.#engine.begin('optimistic')
    for (let i = 0; i < count; i++) this.#put(tx, keyAt(first + i), textAt(first + i))
    this.#commit(tx)
    return count
  }

  scan(first: number): number {
    this.#fill(this.#lower, keyAt(first))
    return this.#walk(scanLength, true, (key, value) => key + sumOf(value))
  }

  contents(): [number, string][] {
    const entries: [number, string][] = []
    this.#walk(Number.POSITIVE_INFINITY, false, (key, value) => entries.push([key, value]))
    return entries
  }

  #walk(limit: number, isBounded: boolean, visit: (key: number, value: string) => number): number {
    const tx = this.#engine.begin('optimistic')
    const { bytes, length } = this.#lower
    const cursor = new Cursor(this.#engine, tx, this.#tree, {
      lower: isBounded ? { bytes, start: keyBuffers.keyStart, length } : undefined,
      isLowerExcluded: false,
      upper: undefined,
      isUpperExcluded: false,
      isReverse: false,
    })
    let sum = 0
    for (let seen = 0; seen < limit && cursor.next(); seen++) {
      cursor.showKey()
      const key = keys.decodeKey(cursor.keySource, cursor.keyStart, cursor.keyEnd) as number
      sum += visit(key, string.decode(tx.source, tx.start, tx.end))
    }
    this.#commit(tx)
    return sum
  }

  #put(tx: MvccTransaction, key: number, value: string): void {
    const { writes } = tx
    const start = (writes.stagedBytes + 3) & ~3
    let end = string.encode(value, writes.staging, start)
    while (end < 0) {
      writes.growStaging()
      end = string.encode(value, writes.staging, start)
    }
    this.#fill(this.#key, key)
    tx.write(this.#tree, this.#key, start, end)
  }

  #fill(buffer: KeyBuffer, key: number): void {
    const first = keys.setNumber(key)
    buffer.sealNine(this.#table, first, keys.numberWords.upper, keys.numberWords.lower)
  }

  #commit(tx: MvccTransaction): void {
    const reason = this.#engine.commit(tx)
    if (reason !== undefined) throw new Error(`a transaction that is alone was refused: ${reason}`)
  }
}

export interface ApiTime {
  readonly name: string
  readonly apiNs: number
  readonly engineNs: number
}

export async function measureApi(milliseconds: number): Promise<ApiTime[]> {
  await using store = await open({ name: 'micro api', memoryLimitBytes })
  const api = new ApiSide(store)
  const engine = new EngineSide()
  const times: ApiTime[] = []
  for (const work of works) times.push(await compare(work, api, engine, milliseconds))
  const [apiText, engineText] = [api, engine].map((side) => JSON.stringify(side.contents()))
  if (apiText !== engineText) throw new Error('the sides differ in what they have written')
  return times
}

/** The median of several rounds, in each of which the sides take turns in going first. */
async function compare(work: Work, api: Side, engine: Side, milliseconds: number): Promise<ApiTime> {
  const expected = runCall(work, api)
  if (runCall(work, engine) !== expected || expected === 0)
    throw new Error(`${work.name}: the sides saw different values`)
  const sides = [
    { side: api, rounds: [] as number[] },
    { side: engine, rounds: [] as number[] },
  ] as const
  for (let round = 0; round < rounds; round++) {
    const order = round % 2 === 0 ? sides : sides.toReversed()
    for (const { side, rounds: measured } of order)
      measured.push(await measure(work, side, milliseconds, expected))
  }
  return { name: work.name, apiNs: median(sides[0].rounds), engineNs: median(sides[1].rounds) }
}

async function measure(work: Work, side: Side, milliseconds: number, expected: number): Promise<number> {
  const bench = new Bench({ time: milliseconds, warmupTime: milliseconds / 4, iterations: 4 })
  bench.add(work.name, () => {
    if (runCall(work, side) !== expected) throw new Error(`${work.name}: the checksum is wrong`)
  })
  await bench.run()
  const result = bench.tasks[0]?.result
  if (result === undefined || !('latency' in result)) throw new Error(`${work.name} did not finish`)
  return (result.latency.p50 * 1e6) / work.transactionsPerCall
}

function runCall(work: Work, side: Side): number {
  let sum = 0
  for (let i = 0; i < work.transactionsPerCall; i++) sum += work.run(side, i)
  return sum
}

function randomKeys(limit: number): () => number {
  let state = 12345
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return Math.floor((state / 2 ** 32) * limit)
  }
}

function keyAt(at: number): number {
  return keySequence[at] as number
}

function textAt(at: number): string {
  return texts[at & 63] as string
}

function valueOf(key: number): string {
  return textAt(key)
}

/** Reads one character, so that the value is there. */
function sumOf(value: string | undefined): number {
  return value === undefined ? 0 : value.length + value.charCodeAt(value.length - 1)
}

function textOf(i: number): string {
  return Array.from({ length: 100 }, (_, at) => String.fromCharCode(97 + ((i * 7 + at * 3) % 26))).join('')
}

function printed(times: readonly ApiTime[]): string {
  const head = `${'transaction'.padEnd(18)}${'API ns'.padStart(10)}${'engine ns'.padStart(11)}${'ratio'.padStart(8)}`
  const lines = times.map(
    ({ name, apiNs, engineNs }) =>
      name.padEnd(18) +
      apiNs.toFixed(0).padStart(10) +
      engineNs.toFixed(0).padStart(11) +
      (apiNs / engineNs).toFixed(2).padStart(8),
  )
  return [head, ...lines].join('\n')
}

function measurementsOf(times: readonly ApiTime[]): Measurement[] {
  return times.map(({ name, apiNs }) => [`API: ${name}`, apiNs])
}

await runAsProgram(import.meta.url, measureApi, { table: printed, measurements: measurementsOf })
