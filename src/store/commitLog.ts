import { Appender } from '../durable/appender.js'
import { frameKind } from '../durable/frame.js'
import type { Ring } from '../durable/ring.js'
import { unitBytes } from '../durable/ringLayout.js'
import type { TableEntry } from '../mvcc/catalog.js'
import type { CommitLog } from '../mvcc/commitLog.js'
import type { Engine } from '../mvcc/engine.js'
import { keyLengthOfMeta, tableOfMeta, tupleKey, tupleKeyByte } from '../mvcc/tuple.js'
import { type WriteSet, writeDeleted } from '../mvcc/writeSet.js'
import { encodeEntryHeader, encodeTable, entryHeaderBytes, lengthDeleted } from '../durable/payload.js'

const payloadBytesMin = 4096
/** Buffers above this size are given back after the transaction. */
const payloadBytesKept = 1024 * 1024
/** Shorter pieces are copied by a loop, longer ones by the runtime. */
const loopBytes = 32

/** Where mvcc and durable meet: the writes of a commit become a record in the journal's ring. */
export class JournalLog implements CommitLog {
  readonly appender: Appender
  readonly #engine: Engine
  readonly #ring: Ring
  #payload = Buffer.alloc(payloadBytesMin)
  /** The frame in the making. Its fields change; the object stays. */
  readonly #frame = { kind: frameKind.transaction as number, position: 0, payloadBytes: 0, checksum: 0 }

  constructor(engine: Engine, ring: Ring, seed: number) {
    this.#engine = engine
    this.#ring = ring
    this.appender = new Appender(ring, engine.context.site.id, seed)
  }

  prepare(writes: WriteSet): void {
    const payloadBytes = this.#encode(writes)
    this.#prepare(frameKind.transaction, payloadBytes)
  }

  cancel(): void {
    this.appender.unclaim()
  }

  append(): number {
    const frame = this.#frame
    frame.position = this.appender.take()
    this.appender.write(frame, this.#payload)
    return frame.position + this.appender.lengthBytesOf(frame.payloadBytes)
  }

  publish(): void {
    this.appender.publish()
    if (this.#payload.length > payloadBytesKept) this.#payload = Buffer.alloc(payloadBytesMin)
  }

  create(table: TableEntry): void {
    const payload = encodeTable(table)
    this.#reserve(payload.length)
    payload.copy(this.#payload)
    this.#prepare(frameKind.table, payload.length)
    this.append()
    this.publish()
    this.appender.wake(false)
  }

  recover(site: number, isCommitted: boolean): void {
    this.appender.recoverSite(site, isCommitted)
  }

  isDurable(position: number): boolean {
    return position <= this.#ring.durable
  }

  #prepare(kind: number, payloadBytes: number): void {
    const frame = this.#frame
    frame.kind = kind
    frame.payloadBytes = payloadBytes
    frame.checksum = this.appender.checksum(this.#payload, 0, payloadBytes)
    this.appender.claim(payloadBytes)
  }

  #encode(writes: WriteSet): number {
    const { memory } = this.#engine
    let end = 0
    for (let i = 0; i < writes.count; i++) {
      const tuple = writes.tuples[i]!
      const meta = memory.i32[(tuple << 1) + tupleKey]!
      const keyBytes = keyLengthOfMeta(meta)
      const isDelete = writes.ends[i] === writeDeleted
      const valueBytes = isDelete ? 0 : writes.ends[i]! - writes.starts[i]!
      this.#reserve(end + entryHeaderBytes + keyBytes + valueBytes)
      const payload = this.#payload
      const length = isDelete ? lengthDeleted : valueBytes
      end = encodeEntryHeader(payload, end, tableOfMeta(meta), keyBytes, length)
      end = copy(memory.windowOf(tuple), memory.offsetOf(tuple) + tupleKeyByte, payload, end, keyBytes)
      if (!isDelete) end = copy(writes.staging, writes.starts[i]!, payload, end, valueBytes)
    }
    return end
  }

  #reserve(lengthBytes: number): void {
    if (lengthBytes <= this.#payload.length) return
    const grown = Buffer.alloc(Math.max(lengthBytes, this.#payload.length * 2))
    this.#payload.copy(grown)
    this.#payload = grown
  }
}
