import { Appender } from '../durable/appender.js'
import { frameHeaderBytes, frameKind, frameRoomOf } from '../durable/frame.js'
import { encodeTable, PayloadWriter, removedValue } from '../durable/payload.js'
import type { Ring } from '../durable/ring.js'
import type { TableEntry } from '../mvcc/catalog.js'
import type { CommitLog } from '../mvcc/commitLog.js'
import type { Engine } from '../mvcc/engine.js'
import { keyLengthOfMeta, tableOfMeta, tupleKey, tupleKeyByte } from '../mvcc/tuple.js'
import { type WriteSet, writeDeleted } from '../mvcc/writeSet.js'

const payloadBytesMin = 64 * 1024
/** Buffers above this size are given back after the transaction. */
const payloadBytesKept = 1024 * 1024
/** Shorter pieces are copied by a loop, longer ones by the runtime. */
const loopBytes = 128

/** Where mvcc and durable meet: the writes of a commit become a record in the journal's ring. */
export class JournalLog implements CommitLog {
  readonly appender: Appender
  readonly #engine: Engine
  readonly #ring: Ring
  #payload = new PayloadWriter(payloadBytesMin)
  /** The frame in the making. Its fields change; the object stays. */
  readonly #frame = { kind: frameKind.transaction as number, position: 0, payloadBytes: 0, checksum: 0 }

  constructor(engine: Engine, ring: Ring, seed: number) {
    this.#engine = engine
    this.#ring = ring
    this.appender = new Appender(ring, engine.context.site.id, seed)
  }

  prepare(writes: WriteSet): void {
    const payload = this.#payload
    payload.clear()
    for (let i = 0; i < writes.count; i++) this.#encode(writes, i)
    this.#claim(frameKind.transaction, payload.bytes, payload.lengthBytes)
  }

  cancel(): void {
    this.appender.unclaim()
  }

  append(): number {
    return this.#append(this.#payload.bytes, this.#payload.words)
  }

  publish(): void {
    this.appender.publish()
    if (this.#payload.bytes.length > payloadBytesKept) this.#payload = new PayloadWriter(payloadBytesMin)
  }

  create(table: TableEntry): void {
    const payload = encodeTable(table)
    this.#claim(frameKind.table, payload, payload.length)
    this.#append(payload)
    this.appender.publish()
    this.appender.wake()
  }

  recover(site: number, isCommitted: boolean): void {
    this.appender.recoverSite(site, isCommitted)
  }

  isDurable(position: number): boolean {
    return position <= this.#ring.durable
  }

  #claim(kind: number, payload: Buffer, payloadBytes: number): void {
    const frame = this.#frame
    frame.kind = kind
    frame.payloadBytes = payloadBytes
    frame.checksum = this.appender.checksum(payload, 0, payloadBytes)
    this.appender.claim(payloadBytes)
  }

  #append(payload: Buffer, payloadWords?: Int32Array): number {
    const frame = this.#frame
    frame.position = this.appender.take()
    this.appender.write(frame, payload, payloadWords)
    return frame.position + frameRoomOf(frameHeaderBytes + frame.payloadBytes)
  }

  #encode(writes: WriteSet, i: number): void {
    const { memory } = this.#engine
    const payload = this.#payload
    const tuple = writes.tuples[i]!
    const start = writes.starts[i]!
    const end = writes.ends[i]!
    const meta = memory.i32[(tuple << 1) + tupleKey]!
    const keyBytes = keyLengthOfMeta(meta)
    const isDelete = end === writeDeleted
    const at = payload.entry(tableOfMeta(meta), keyBytes, isDelete ? removedValue : end - start)
    const keyStart = memory.offsetOf(tuple) + tupleKeyByte
    copy(memory.windowOf(tuple), keyStart, keyStart + keyBytes, payload.bytes, at)
    if (!isDelete) copy(writes.staging, start, end, payload.bytes, at + keyBytes)
  }
}

function copy(source: Buffer, start: number, end: number, target: Buffer, at: number): void {
  if (end - start > loopBytes) source.copy(target, at, start, end)
  else for (let i = start, to = at; i < end; i++, to++) target[to] = source[i]!
}
