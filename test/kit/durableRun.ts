import { crc32cSeed } from '../../src/durable/crc32c.js'
import type { Disk } from '../../src/durable/disk.js'
import { Flusher } from '../../src/durable/flusher.js'
import { Ring } from '../../src/durable/ring.js'
import { SegmentWriter } from '../../src/durable/segmentWriter.js'
import { SharedMemory } from '../../src/memory/sharedMemory.js'
import { Cursor } from '../../src/mvcc/cursor.js'
import { Engine } from '../../src/mvcc/engine.js'
import { writeCheckpoint } from '../../src/store/checkpoint.js'
import { JournalLog } from '../../src/store/commitLog.js'
import { recover } from '../../src/store/recovery.js'
import { storeId } from './journalKit.js'
import { expectSound } from './engineAudit.js'

const memoryBytes = 4 * 1024 * 1024
const seed = crc32cSeed(storeId)
/** Where the table's key begins in a key buffer. */
const keyText = (key: Uint8Array, start: number, end: number) =>
  Buffer.from(key).toString('latin1', start, end)

export type Contents = ReadonlyMap<string, string>

/** One transaction as it was made: its reads happened first. `undefined` removes. */
export interface Change {
  readonly reads: readonly string[]
  readonly writes: readonly (readonly [key: string, value: string | undefined])[]
}

/**
 * A durable store on one thread, with two sites and without a journal thread: what is written when is for the
 * test to say, so each run of a script does the same operations on the disk.
 */
export class DurableRun {
  readonly #engines: readonly [Engine, Engine]
  readonly #ring: Ring
  readonly #disk: Disk
  readonly #writer: SegmentWriter
  readonly #flusher: Flusher
  /** What a thread that commits has, to write itself. */
  readonly #standIn: Flusher
  #isStandInNext = false
  readonly #id: Uint8Array
  /** The contents after each commit, in the order of positions, with the position where it ends. */
  readonly states: { readonly position: number; readonly contents: Contents }[]

  private constructor(disk: Disk, memory: SharedMemory, begin: { position: number; id: Uint8Array }) {
    this.#disk = disk
    this.#id = begin.id
    this.#ring = Ring.create(64 * 1024, begin.position)
    const { segmentState: state } = this.#ring
    const options = { storeId: begin.id, state, segmentBytes: 1024, aheadBytes: 512 }
    this.#writer = SegmentWriter.begin(disk, { ...options, position: begin.position })
    this.#flusher = new Flusher(this.#ring, this.#writer)
    this.#standIn = new Flusher(this.#ring, SegmentWriter.join(disk, options))
    const createLog = (engine: Engine) => new JournalLog(engine, this.#ring, seed)
    const site = (thread: number) => new Engine({ memory, thread, createLog })
    this.#engines = [site(1), site(2)]
    this.states = [{ position: begin.position, contents: this.contents() }]
  }

  /** Recovers what the disk holds. */
  static async open(disk: Disk): Promise<DurableRun> {
    const memory = SharedMemory.create(memoryBytes)
    const engine = new Engine({ memory, thread: 0 })
    const { scan } = await recover(disk, engine, undefined)
    expectSound(engine)
    engine.leave()
    return new DurableRun(disk, memory, { position: scan.endPosition, id: scan.storeId ?? storeId })
  }

  /** How many of the states are acknowledged. */
  get acknowledged(): number {
    return this.states.filter(({ position }) => position <= this.#ring.durable).length
  }

  commit(site: 0 | 1, { reads, writes }: Change): void {
    const engine = this.#engines[site]
    const { id } = engine.catalog.open('t', 'string')
    const tree = engine.treeOf(id)
    const tx = engine.begin('optimistic')
    const setKey = (key: string) => engine.key.set(id, Buffer.from(key, 'latin1'), 0, key.length)
    for (const key of reads) {
      setKey(key)
      tx.read(tree, engine.key)
    }
    for (const [key, value] of writes) {
      setKey(key)
      if (value === undefined) {
        tx.delete(tree, engine.key)
        continue
      }
      const start = (tx.writes.stagedBytes + 3) & ~3
      tx.writes.staging.write(value, start, 'latin1')
      tx.write(tree, engine.key, start, start + value.length)
    }
    if (engine.commit(tx) !== undefined) throw new Error('a conflict with nobody there')
    const contents = new Map(this.states.at(-1)!.contents)
    for (const [key, value] of writes) {
      if (value === undefined) contents.delete(key)
      else contents.set(key, value)
    }
    this.states.push({ position: tx.position, contents })
  }

  /** Writes what has committed: by turns as the journal thread does it, and as one that commits. */
  flush(): void {
    this.#isStandInNext = !this.#isStandInNext
    if (this.#isStandInNext) this.#standIn.stepShort()
    while (this.#flusher.step());
  }

  checkpoint(): void {
    this.flush()
    const store = {
      engine: this.#engines[0],
      ring: this.#ring,
      disk: this.#disk,
      beginSegment: () => {
        this.#writer.rotate()
        return this.#writer.segmentPosition
      },
    }
    writeCheckpoint(store, { storeId: this.#id, isBackup: false }, () => {})
  }

  close(): void {
    this.flush()
    this.#writer.end(this.#ring.tail)
  }

  contents(): Map<string, string> {
    const engine = this.#engines[0]
    const found = new Map<string, string>()
    const table = engine.catalog.find('t')
    if (table === undefined) return found
    const tx = engine.begin('optimistic')
    const cursor = new Cursor(engine, tx, engine.treeOf(table.id), {
      lower: undefined,
      isLowerExcluded: false,
      upper: undefined,
      isUpperExcluded: false,
      isReverse: false,
    })
    while (cursor.next()) {
      cursor.showKey()
      const key = keyText(cursor.keySource, cursor.keyStart, cursor.keyEnd)
      found.set(key, keyText(tx.source, tx.start, tx.end))
    }
    engine.commit(tx)
    return found
  }
}
