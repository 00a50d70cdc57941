import { blockKind, chainLatchCount, header, preparedCount, siteArea } from '../../src/memory/layout.js'
import { commitPhase } from '../../src/mvcc/commit.js'
import type { Engine } from '../../src/mvcc/engine.js'
import {
  tableDescriptor,
  tableRemovalContents,
  tableRemoved,
  tableStructureLatch,
} from '../../src/mvcc/index/node.js'
import { KeyBuffer } from '../../src/mvcc/keyBuffer.js'
import { nextLocker } from '../../src/mvcc/locker.js'
import { retiredKind } from '../../src/mvcc/retired.js'
import {
  keyLengthOfMeta,
  stateMask,
  tupleHead,
  tupleKey,
  tupleKeyByte,
  wordState,
} from '../../src/mvcc/tuple.js'
import { lengthDeleted, versionLength, versionOlder } from '../../src/mvcc/version.js'
import { BlockLedger } from './engineBlocks.js'
import { auditIndex, type IndexReport } from './engineIndexAudit.js'

/** Words of a block of a queue of retired objects, as `RetiredQueue` lays it out, and of a locker. */
const queue = { next: 2, firstEntry: 4, entryWords: 4, entries: 255, kindMask: 3 } as const
const queueEnds = { head: 0, headIndex: 1, tail: 2, tailIndex: 3, length: 5 } as const
const lockerList = 2

/** Words of a site's area that name an object only while an operation is under way. */
const intents = {
  chunkIntent: siteArea.chunkIntent,
  indexNode: siteArea.indexNode,
  indexNewNode: siteArea.indexNewNode,
  indexNewBlock: siteArea.indexNewBlock,
  indexOldBlock: siteArea.indexOldBlock,
  newTuple: siteArea.newTuple,
  indexOldNode: siteArea.indexOldNode,
  unlinkedTuple: siteArea.unlinkedTuple,
  blockInHand: siteArea.blockInHand,
  indexLatched: siteArea.indexLatched,
  indexRemovalLatch1: siteArea.indexRemovalLatches,
  indexRemovalLatch2: siteArea.indexRemovalLatches + 1,
  indexRemovalLatch3: siteArea.indexRemovalLatches + 2,
  sifting: siteArea.sifting,
  siftingSlab: siteArea.siftingSlab,
  keptMove: siteArea.keptMove,
  indexPrepared1: siteArea.indexPrepared,
  indexPrepared2: siteArea.indexPrepared + 1,
  indexPrepared3: siteArea.indexPrepared + 2,
} as const

const latches = {
  poolLatch: header.poolLatch,
  depotLatch: header.depotLatch,
  catalogLatch: header.catalogLatch,
  recoveryLatch: header.recoveryLatch,
} as const

export interface AuditOptions {
  /** Snapshots and optimistic transactions may be open. */
  readonly mayBeOpen?: boolean
  /** Nodes may be missing in their parents: a separator found no room. */
  readonly mayBeUnposted?: boolean
}

export interface Audit {
  readonly problems: string[]
  readonly indexes: readonly IndexReport[]
  readonly liveBytes: number
}

/**
 * Everything reachable in a store at a moment when no thread works on it, and what is wrong with it. Nothing
 * is left out: a block that is neither used nor free is a leak, one that is both is a disaster.
 */
export function audit(engine: Engine, options: AuditOptions = {}): Audit {
  return new StoreAudit(engine, options).run()
}

/** Throws an error that lists what is wrong. */
export function expectSound(engine: Engine, options: AuditOptions = {}): Audit {
  const found = audit(engine, options)
  if (found.problems.length === 0) return found
  const shown = found.problems.slice(0, 20).join('\n')
  throw new Error(`the audit found ${found.problems.length} problems:\n${shown}`)
}

interface RetiredEntry {
  readonly kind: number
  readonly address: number
}

class StoreAudit {
  readonly #engine: Engine
  readonly #options: AuditOptions
  readonly #i32: Int32Array
  readonly #u64: BigUint64Array
  readonly #ledger: BlockLedger
  readonly #problems: string[] = []
  readonly #retired: RetiredEntry[] = []
  readonly #key = new KeyBuffer()

  constructor(engine: Engine, options: AuditOptions) {
    this.#engine = engine
    this.#options = options
    this.#i32 = engine.memory.i32
    this.#u64 = engine.memory.u64
    this.#ledger = new BlockLedger(engine)
  }

  run(): Audit {
    for (const [name, word] of Object.entries(latches)) this.#expectZero(word, name)
    for (let i = 0; i < chainLatchCount; i++) this.#expectZero(header.chainLatches + i, `chain latch ${i}`)
    for (let site = this.#siteCount; site > 0; site--) this.#readSite(site)
    const indexes: IndexReport[] = []
    for (let table = this.#engine.catalog.count; table > 0; table--) indexes.push(this.#readTable(table))
    this.#readRetired()
    this.#checkCounts(indexes)
    this.#ledger.settle()
    const { liveBytes } = this.#ledger
    if (this.#engine.usedBytes !== liveBytes)
      this.#problem(`usedBytes is ${this.#engine.usedBytes}, but ${liveBytes} bytes are in use`)
    return { problems: [...this.#problems, ...this.#ledger.problems], indexes, liveBytes }
  }

  get #siteCount(): number {
    return this.#engine.context.sites.highWater
  }

  #readSite(site: number): void {
    const area = this.#engine.memory.siteAreaOf(site)
    for (const [name, word] of Object.entries(intents))
      this.#expectZero(area + word, `${name} of site ${site}`)
    if (this.#i32[area + siteArea.commitPhase] !== commitPhase.none) this.#problem(`site ${site} commits`)
    const { sites } = this.#engine.context
    if (sites.oldestOf(site) !== undefined && this.#options.mayBeOpen !== true)
      this.#problem(`site ${site} has a transaction open`)
    for (const [name, index] of [
      ['walks', sites.walkIndex(site)],
      ['pins', sites.pinIndex(site)],
    ] as const)
      if (this.#u64[index] !== 0n) this.#problem(`site ${site} ${name}`)
    const list = this.#i32[area + siteArea.commitList]!
    if (list !== 0) this.#ledger.claim(list, `the commit list of site ${site}`)
    let locker = this.#i32[area + siteArea.lockers]!
    for (; locker !== 0; locker = nextLocker(this.#i32, locker)) {
      this.#problem(`site ${site} has a locker`)
      this.#ledger.claim(locker, `a locker of site ${site}`)
      const held = this.#i32[(locker << 1) + lockerList]!
      if (held !== 0) this.#ledger.claim(held, `the list of a locker of site ${site}`)
    }
    this.#readQueue(site, area + siteArea.retiredEnds)
    this.#readQueue(site, area + siteArea.keptEnds)
  }

  #readQueue(site: number, ends: number): void {
    const before = this.#retired.length
    let block = this.#i32[ends + queueEnds.head]!
    let index = this.#i32[ends + queueEnds.headIndex]!
    const tail = this.#i32[ends + queueEnds.tail]!
    const tailIndex = this.#i32[ends + queueEnds.tailIndex]!
    for (; block !== 0; block = this.#i32[(block << 1) + queue.next]!, index = 0) {
      this.#ledger.claim(block, `a queue block of site ${site}`)
      if (block === tail) break
      for (; index < queue.entries; index++) this.#readEntry(block, index)
    }
    if (block !== tail) this.#problem(`the retired queue of site ${site} does not lead to its tail`)
    for (; index < tailIndex; index++) this.#readEntry(block, index)
    const length = this.#i32[ends + queueEnds.length]!
    if (this.#retired.length - before !== length)
      this.#problem(`a queue of site ${site} has ${this.#retired.length - before} entries, not ${length}`)
    // Blocks after the tail are reserved for the next entries.
    for (let next = tail; next !== 0; next = this.#i32[(next << 1) + queue.next]!)
      if (next !== tail) this.#ledger.claim(next, `a reserved queue block of site ${site}`)
  }

  #readEntry(block: number, index: number): void {
    const entry = (block << 1) + queue.firstEntry + index * queue.entryWords
    this.#retired.push({ kind: this.#i32[entry + 3]! & queue.kindMask, address: this.#i32[entry + 2]! })
  }

  #readTable(table: number): IndexReport {
    const { catalog } = this.#engine
    const word = catalog.wordOf(table)
    this.#ledger.claim(this.#i32[word + tableDescriptor]!, `the descriptor of table ${table}`)
    this.#expectZero(word + tableStructureLatch, `the structure latch of table ${table}`)
    this.#expectZero(word + tableRemoved, `the removed node of table ${table}`)
    for (let i = 0; i < preparedCount; i++)
      this.#expectZero(word + tableRemovalContents + i, `contents ${i} of the removal of table ${table}`)
    const report = auditIndex(this.#engine, table)
    this.#problems.push(...report.problems)
    const { unposted, displaced } = report
    if (unposted + displaced > 0 && this.#options.mayBeUnposted !== true)
      this.#problem(`table ${table} has ${unposted} nodes without, and ${displaced} with wrong parents`)
    for (const node of report.nodes) this.#ledger.claim(node, `a node of table ${table}`)
    for (const block of report.blocks) this.#ledger.claim(block, `a node's contents of table ${table}`)
    for (const tuple of report.tuples) this.#readTuple(table, tuple)
    return report
  }

  /**
   * Claims the tuple and its newest version. Older ones, as far as a reader may walk, must be retired: that
   * is what claims them.
   */
  #readTuple(table: number, tuple: number): void {
    const name = `tuple ${tuple} of table ${table}`
    this.#ledger.claim(tuple, name, blockKind.tuple)
    this.#checkDirectory(table, tuple)
    const head = this.#i32[(tuple << 1) + tupleHead]!
    const isAbsent = head === 0 || this.#i32[(head << 1) + versionLength] === lengthDeleted
    if (isAbsent && !this.#isRetired(retiredKind.absent, tuple))
      this.#problem(`${name} is absent, and nobody looks after it`)
    if (head === 0) return
    if (!this.#engine.isInside(head, tuple)) this.#ledger.claim(head, `the newest version of ${name}`)
    if (this.#u64[tuple]! < this.#u64[head]!) this.#problem(`${name} is older than its newest version`)
    const safe = this.#engine.context.site.safeStamp()
    let version = head
    while (this.#u64[version]! >= safe) {
      const older = this.#i32[(version << 1) + versionOlder]!
      if (older === 0) return
      if (this.#u64[older]! >= this.#u64[version]!) this.#problem(`${name} has versions out of order`)
      if (!this.#engine.isInside(older, tuple) && !this.#isRetired(retiredKind.block, older))
        this.#problem(`version ${older} of ${name} is replaced, and not retired`)
      version = older
    }
  }

  /** The directory is asked as a reader does: it knows this tuple or none. */
  #checkDirectory(table: number, tuple: number): void {
    const { memory, directory } = this.#engine
    const length = keyLengthOfMeta(this.#i32[(tuple << 1) + tupleKey]!)
    this.#key.set(table, memory.windowOf(tuple), memory.offsetOf(tuple) + tupleKeyByte, length)
    const found = directory.find(this.#key)
    if (found !== 0 && found !== tuple)
      this.#problem(`the directory leads to ${found} instead of tuple ${tuple}`)
  }

  readonly #retiredSets = new Map<number, Set<number>>()

  #isRetired(kind: number, address: number): boolean {
    if (this.#retiredSets.size === 0) {
      for (const each of Object.values(retiredKind)) {
        const addresses = this.#retired.filter((entry) => entry.kind === each).map((entry) => entry.address)
        this.#retiredSets.set(each, new Set(addresses))
      }
    }
    return this.#retiredSets.get(kind)!.has(address)
  }

  #readRetired(): void {
    for (const { kind, address } of this.#retired) {
      if (kind === retiredKind.block) this.#ledger.claim(address, 'a retired block')
      if (kind === retiredKind.chunk) this.#ledger.claimChunk(address)
      if (kind !== retiredKind.tuple) continue
      this.#ledger.claim(address, 'a retired tuple', blockKind.tuple)
      if ((this.#i32[address << 1]! & stateMask) !== wordState.dead)
        this.#problem(`tuple ${address} is retired, and alive`)
    }
  }

  #checkCounts(indexes: readonly IndexReport[]): void {
    const counted = indexes.reduce((sum, { tuples }) => sum + tuples.length, 0)
    if (counted !== this.#engine.tupleCount)
      this.#problem(`tupleCount is ${this.#engine.tupleCount}, but ${counted} tuples are in the indexes`)
  }

  #expectZero(word: number, name: string): void {
    if (this.#i32[word] !== 0) this.#problem(`${name} is ${this.#i32[word]}`)
  }

  #problem(what: string): void {
    this.#problems.push(what)
  }
}
