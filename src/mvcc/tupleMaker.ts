import { blockKind, siteArea } from '../memory/layout.js'
import type { Stamp } from '../tid/stamp.js'
import { ConflictError } from './abort.js'
import { fitMask } from './directory.js'
import type { Engine } from './engine.js'
import { leafLocked, notNear, type Tree } from './index/tree.js'
import type { KeyBuffer } from './keyBuffer.js'
import { retiredKind } from './retired.js'
import { tupleBytes, tupleHead, tupleKey, tupleLeaf, wordState } from './tuple.js'

/** How many new tuples are entered in the directory at once. */
const pendingMax = 32

/** How many of a transaction's new tuples are not looked at again once it has committed. */
const checksMax = 256

/** Blocks that an insertion replaces at most, with a split on every level, and one more entry. */
const insertRetires = 32

const ownedBit = BigInt(wordState.owned)

/** What it needs to know of the transaction that it makes tuples for. */
interface Writer {
  readonly stamp: Stamp
  readonly opened: Stamp
  readonly locker: number
}

/**
 * The tuples of the keys that a transaction writes. A write always has a tuple: one that is absent is made if
 * there is none.
 */
export class TupleMaker {
  /** The tuple found last, if it was made then; otherwise 0. It has the stamp of the transaction. */
  made = 0
  readonly #engine: Engine
  readonly #writer: Writer
  readonly #i32: Int32Array
  readonly #u64: BigUint64Array
  /** What was made and is not in the directory yet. */
  #pendingCount = 0
  readonly #pendingTuples = new Int32Array(pendingMax)
  readonly #pendingHashes = new Int32Array(pendingMax)
  /** What was made, and the entry of the queue that has it checked. */
  #checkCount = 0
  readonly #checkTuples = new Int32Array(checksMax)
  readonly #checkEntries = new Int32Array(checksMax)

  constructor(engine: Engine, writer: Writer) {
    this.#engine = engine
    this.#writer = writer
    this.#i32 = engine.memory.i32
    this.#u64 = engine.memory.u64
  }

  begin(): void {
    this.#pendingCount = 0
    this.#checkCount = 0
  }

  /** The live tuple of the key, made if there is none, with room for a first value of this length. */
  find(tree: Tree, key: KeyBuffer, valueLength: number): number {
    this.made = 0
    const { directory } = this.#engine
    const known = directory.find(key)
    if (known !== 0) return known
    const found = tree.findToInsert(key, this.#writer.opened)
    const isAlive = found !== 0 && directory.isTupleOf(found, key)
    const tuple = isAlive ? found : this.#make(tree, key, valueLength)
    directory.enter(key.hash, tuple)
    return tuple
  }

  /**
   * As `find`, first in the leaf of the last insertion: keys that come in order are there. What is made
   * there is entered in the directory later, together with others: each one's bucket comes from memory, and
   * many are waited for at once. Until then it is found through the index.
   */
  findNear(tree: Tree, key: KeyBuffer, valueLength: number): number {
    const near = tree.findNear(key, this.#writer.opened)
    if (near === notNear) return this.find(tree, key, valueLength)
    this.made = 0
    if (near !== 0 && this.#engine.directory.isTupleOf(near, key)) return near
    const tuple = this.#make(tree, key, valueLength)
    if (this.#pendingCount === pendingMax) this.enterPending()
    this.#pendingTuples[this.#pendingCount] = tuple
    this.#pendingHashes[this.#pendingCount++] = key.hash
    return tuple
  }

  /** Enters in the directory what is not yet. The transaction is still open. */
  enterPending(): void {
    this.#engine.directory.enterAll(this.#pendingHashes, this.#pendingTuples, this.#pendingCount)
    this.#pendingCount = 0
  }

  /**
   * Withdraws the checks of tuples that have a version now: the transaction has committed, and is still open,
   * so nobody has worked their entries off, or moved them. Whoever deletes one of them queues a check of its
   * own.
   */
  withdrawChecks(): void {
    const { retired } = this.#engine.context
    for (let i = 0; i < this.#checkCount; i++) {
      const isWritten = this.#i32[(this.#checkTuples[i]! << 1) + tupleHead] !== 0
      if (isWritten) retired.withdraw(this.#checkEntries[i]!)
    }
    this.#checkCount = 0
  }

  /**
   * Makes an absent tuple, and enters it in the index. It is owned until it is there; a check for an absent
   * tuple is queued, in case the transaction does not commit.
   */
  #make(tree: Tree, key: KeyBuffer, valueLength: number): number {
    const { stamp, opened, locker } = this.#writer
    const { context } = this.#engine
    const i32 = this.#i32
    // What entering the tuple in the index retires, and the tuple itself.
    context.retired.reserve(insertRetires)
    const tuple = context.arena.allocate(blockKind.tuple, tupleBytes(key.length, valueLength))
    i32[context.area + siteArea.newTuple] = tuple
    const words = tuple << 1
    this.#u64[tuple] = stamp | ownedBit
    i32[words + tupleHead] = 0
    i32[words + tupleLeaf] = 0
    for (let i = 0; i < key.wordCount; i++) i32[words + tupleKey + i] = key.words[i]!
    let entered = leafLocked
    try {
      entered = tree.insert(tuple, key, locker, opened)
    } finally {
      if (entered !== tuple) this.#discard(tuple)
    }
    if (entered === leafLocked) throw new ConflictError('locked')
    if (entered !== tuple) return entered
    Atomics.store(this.#u64, tuple, stamp)
    const check = context.retired.push(retiredKind.absent, tuple, stamp)
    i32[context.area + siteArea.newTuple] = 0
    if (this.#checkCount < checksMax) {
      this.#checkTuples[this.#checkCount] = tuple
      this.#checkEntries[this.#checkCount++] = check
    }
    this.made = tuple
    const created = ++i32[context.area + siteArea.tupleCount]!
    if ((created & fitMask) === 0) this.#engine.directory.fit(this.#engine.tupleCount + fitMask)
    return tuple
  }

  #discard(tuple: number): void {
    const { context } = this.#engine
    Atomics.store(this.#u64, tuple, BigInt(wordState.dead))
    context.arena.free(tuple)
    this.#i32[context.area + siteArea.newTuple] = 0
  }
}
