import { SharedMemory } from '../../src/memory/sharedMemory.js'
import { type AbortReason, abortReasons, ConflictError } from '../../src/mvcc/abort.js'
import { Cursor } from '../../src/mvcc/cursor.js'
import { Engine } from '../../src/mvcc/engine.js'
import { type KeyBuffer, keyStart } from '../../src/mvcc/keyBuffer.js'
import type { KeyBytes } from '../../src/mvcc/index/block.js'
import { tableRemoved, tableStructureLatch } from '../../src/mvcc/index/node.js'
import type { Mode, MvccTransaction } from '../../src/mvcc/transaction.js'
import type { Clock } from '../../src/tid/site.js'
import type { Stamp } from '../../src/tid/stamp.js'

export const mebibyte = 1024 * 1024

export interface EngineSetup {
  readonly limitBytes?: number
  readonly memory?: SharedMemory
  readonly clock?: Clock
}

/** Engines, each a site of its own, over one memory, in this thread. */
export function makeEngines(count: number, setup: EngineSetup = {}): Engine[] {
  const memory = setup.memory ?? SharedMemory.create(setup.limitBytes ?? 16 * mebibyte)
  const clock = setup.clock === undefined ? {} : { clock: setup.clock }
  return Array.from({ length: count }, (_, i) => new Engine({ memory, thread: i, ...clock }))
}

export interface ScanRange {
  readonly gt?: string
  readonly gte?: string
  readonly lt?: string
  readonly lte?: string
  readonly reverse?: boolean
  readonly limit?: number
}

/**
 * One table as one engine uses it, with keys and values as strings of bytes. It does what the store's views
 * do, without their codecs.
 */
export class Session {
  readonly engine: Engine
  readonly table: number

  constructor(engine: Engine, name = 'table') {
    this.engine = engine
    this.table = engine.catalog.open(name, '').id
  }

  begin(mode: Mode = 'optimistic', age?: Stamp): MvccTransaction {
    return this.engine.begin(mode, age)
  }

  /** Begins a held snapshot. */
  hold(): MvccTransaction {
    const tx = this.engine.begin('optimistic')
    tx.hold()
    return tx
  }

  get(tx: MvccTransaction, key: string): string | undefined {
    this.fill(key)
    if (!tx.read(this.engine.treeOf(this.table), this.engine.key)) return undefined
    return tx.source.toString('latin1', tx.start, tx.end)
  }

  put(tx: MvccTransaction, key: string, value: string): void {
    const start = this.#stage(tx, value)
    this.fill(key)
    tx.write(this.engine.treeOf(this.table), this.engine.key, start, start + value.length)
  }

  insert(tx: MvccTransaction, key: string, value: string): boolean {
    const start = this.#stage(tx, value)
    this.fill(key)
    return tx.insert(this.engine.treeOf(this.table), this.engine.key, start, start + value.length)
  }

  /** A blind delete: nothing is read. */
  delete(tx: MvccTransaction, key: string): void {
    this.fill(key)
    tx.delete(this.engine.treeOf(this.table), this.engine.key)
  }

  scan(tx: MvccTransaction, range: ScanRange = {}): [string, string][] {
    const lower = range.gt ?? range.gte
    const upper = range.lt ?? range.lte
    const cursor = new Cursor(this.engine, tx, this.engine.treeOf(this.table), {
      lower: lower === undefined ? undefined : keyBytes(lower),
      isLowerExcluded: range.gt !== undefined,
      upper: upper === undefined ? undefined : keyBytes(upper),
      isUpperExcluded: range.lt !== undefined,
      isReverse: range.reverse ?? false,
    })
    const found: [string, string][] = []
    while (found.length < (range.limit ?? Number.POSITIVE_INFINITY) && cursor.next()) {
      cursor.showKey()
      const key = cursor.keySource.toString('latin1', cursor.keyStart, cursor.keyEnd)
      found.push([key, tx.source.toString('latin1', tx.start, tx.end)])
    }
    return found
  }

  commit(tx: MvccTransaction): AbortReason | undefined {
    return this.engine.commit(tx)
  }

  /** Runs the body in a transaction that nobody is in the way of. */
  run<T>(body: (tx: MvccTransaction) => T, mode: Mode = 'optimistic'): T {
    const tx = this.begin(mode)
    let result: T
    try {
      result = body(tx)
    } catch (error) {
      this.engine.abort(tx, error instanceof ConflictError ? error.reason : 'user')
      throw error
    }
    const reason = this.commit(tx)
    if (reason !== undefined) throw new ConflictError(reason)
    return result
  }

  /** Makes it the key of the engine's next operation. */
  fill(key: string): KeyBuffer {
    const buffer = this.engine.key
    for (let i = 0; i < key.length; i++) buffer.bytes[keyStart + i] = key.charCodeAt(i)
    buffer.seal(this.table, keyStart + key.length)
    return buffer
  }

  #stage(tx: MvccTransaction, value: string): number {
    const start = (tx.writes.stagedBytes + 3) & ~3
    while (tx.writes.staging.length < start + value.length) tx.writes.growStaging()
    tx.writes.staging.write(value, start, 'latin1')
    return start
  }
}

/** Whether somebody changes the structure of the session's index. */
export function isStructural({ engine, table }: Session): boolean {
  return engine.memory.i32[engine.catalog.wordOf(table) + tableStructureLatch] !== 0
}

/** Whether the removal of a node of the session's index has begun and not ended. */
export function isRemoving({ engine, table }: Session): boolean {
  return engine.memory.i32[engine.catalog.wordOf(table) + tableRemoved] !== 0
}

/** Collects on every engine until nothing is left to collect. All transactions are over. */
export function collectAll(engines: readonly Engine[]): void {
  for (let idle = 0, rounds = 0; idle < 3; rounds++) {
    if (rounds > 10_000) throw new Error('collection does not come to an end')
    const worked = engines.reduce((sum, engine) => sum + engine.collect(), 0)
    idle = worked === 0 ? idle + 1 : 0
  }
}

/** Why the body gave up: what it throws, or answers, as a reason. Other errors are thrown. */
export function reasonOf(body: () => unknown): AbortReason | undefined {
  try {
    const answer = body()
    return abortReasons.find((reason) => reason === answer)
  } catch (error) {
    if (error instanceof ConflictError) return error.reason
    throw error
  }
}

function keyBytes(key: string): KeyBytes {
  return { bytes: Buffer.from(key, 'latin1'), start: 0, length: key.length }
}
