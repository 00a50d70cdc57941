import { blockKind, preparedCount, siteArea } from '../../memory/layout.js'
import { reserveHold } from '../locker.js'
import { retiredKind } from '../retired.js'
import type { SiteContext } from '../siteContext.js'
import { wordState } from '../tuple.js'
import type { KeyBytes } from './block.js'
import type { BlockWriter } from './blockWriter.js'
import { leafSplitting, nodeBytes, nodeContents, nodeLatch, tableStructureLatch } from './node.js'

/** Words of blocks and nodes that were made and are not published yet. */
const unpublishedBlocks: number[] = [siteArea.indexNewBlock]
for (let place = 0; place < preparedCount; place++) unpublishedBlocks.push(siteArea.indexPrepared + place)

/**
 * The steps that every change of a tree is made of. What a step has made and not yet published is noted in
 * the site's area (`indexNew...`, `indexPrepared`), and what is out of the tree and not yet retired too
 * (`indexOld...`). `Splitter` and `Remover` are made of these steps, and work with its fields.
 */
export class TreeChange {
  readonly context: SiteContext
  readonly writer: BlockWriter
  readonly i32: Int32Array
  readonly u64: BigUint64Array
  readonly area: number
  /** First word of the table's catalog entry. */
  readonly entry: number

  constructor(context: SiteContext, writer: BlockWriter, entry: number) {
    this.context = context
    this.writer = writer
    this.i32 = context.memory.i32
    this.u64 = context.memory.u64
    this.area = context.area
    this.entry = entry
  }

  /**
   * Replaces a node's contents, and retires the old. All that the new ones lead to counts as published.
   * `word` has kept the block until then.
   */
  publish(node: number, block: number, word: number = this.area + siteArea.indexNewBlock): void {
    const i32 = this.i32
    this.context.retired.reserve()
    const contents = (node << 1) + nodeContents
    const old = i32[contents]!
    Atomics.store(i32, contents, block)
    i32[word] = 0
    i32[this.area + siteArea.indexNewNode] = 0
    i32[this.area + siteArea.indexOldBlock] = old
    this.retireOldBlock()
  }

  /** Keeps the block written last until it is published, so that others can be written first. */
  prepare(place: number): void {
    this.i32[this.area + siteArea.indexPrepared + place] = this.i32[this.area + siteArea.indexNewBlock]!
    this.i32[this.area + siteArea.indexNewBlock] = 0
  }

  retireOldBlock(): void {
    const old = this.i32[this.area + siteArea.indexOldBlock]!
    if (old === 0) return
    this.context.retired.push(retiredKind.block, old, this.context.site.retireStamp())
    this.i32[this.area + siteArea.indexOldBlock] = 0
  }

  /** Of a node whose contents are those it had last. */
  retireOldNode(): void {
    const node = this.i32[this.area + siteArea.indexOldNode]!
    if (node === 0) return
    const { retired, site } = this.context
    retired.push(retiredKind.block, this.i32[(node << 1) + nodeContents]!, site.retireStamp())
    retired.push(retiredKind.block, node, site.retireStamp())
    this.i32[this.area + siteArea.indexOldNode] = 0
  }

  /** A node without contents. One made of a locked leaf is locked too, and is to be listed by the locker. */
  newNode(stamp: bigint): number {
    const node = this.context.arena.allocate(blockKind.data, nodeBytes)
    const i32 = this.i32
    i32[(node << 1) + nodeContents] = 0
    i32[(node << 1) + nodeLatch] = 0
    i32[this.area + siteArea.indexNewNode] = node
    const isLocked = Number(stamp & 3n) === wordState.locked
    this.u64[node] = isLocked ? stamp : stamp & ~3n
    if (isLocked) reserveHold(this.context, Number(stamp >> 2n))
    return node
  }

  /** Gives the new node, which nobody sees yet, its contents. */
  fillNewNode(node: number, block: number): void {
    this.i32[(node << 1) + nodeContents] = block
    this.i32[this.area + siteArea.indexNewBlock] = 0
  }

  /** Gives back what was made and never published: by this site, or by the dead one of the area. */
  abandon(area: number = this.area): void {
    const i32 = this.i32
    const node = i32[area + siteArea.indexNewNode]!
    const isFilled = node !== 0 && i32[(node << 1) + nodeContents] === i32[area + siteArea.indexNewBlock]
    if (isFilled) i32[area + siteArea.indexNewBlock] = 0
    if (node !== 0) this.#free((node << 1) + nodeContents)
    for (const word of unpublishedBlocks) this.#free(area + word)
    this.#free(area + siteArea.indexNewNode)
  }

  /** Gives back the block that this word alone knows. */
  #free(word: number): void {
    const i32 = this.i32
    const block = i32[word]!
    if (block === 0) return
    i32[this.area + siteArea.blockInHand] = block
    i32[word] = 0
    this.context.arena.free(block)
    i32[this.area + siteArea.blockInHand] = 0
  }

  /**
   * Sets a leaf `leafSplitting`: writers that check it wait, and no locker takes it. The answer is its state
   * before: free; or locked, by `locker`, which keeps writers away as well; or undefined, if it is locked by
   * another.
   */
  beginSplitting(leaf: number, locker: number): number | undefined {
    for (;;) {
      const found = Atomics.load(this.u64, leaf)
      if (Number(found & 3n) === wordState.locked) {
        return Number(found >> 2n) === locker ? wordState.locked : undefined
      }
      if (Atomics.compareExchange(this.u64, leaf, found, found | BigInt(leafSplitting)) === found)
        return wordState.free
    }
  }

  endSplitting(leaf: number): void {
    for (;;) {
      const found = Atomics.load(this.u64, leaf)
      if (Number(found & 3n) !== leafSplitting) return
      if (Atomics.compareExchange(this.u64, leaf, found, found & ~3n) === found) return
    }
  }

  /** Raises a leaf to what another has been read at, unless they are locked, by one locker. */
  inheritStamp(to: number, from: number): void {
    const stamp = Atomics.load(this.u64, from)
    if (Number(stamp & 3n) === wordState.locked) return
    for (;;) {
      const found = Atomics.load(this.u64, to)
      if (found >= stamp || Number(found & 3n) === wordState.locked) return
      if (Atomics.compareExchange(this.u64, to, found, (stamp & ~3n) | (found & 3n)) === found) return
    }
  }

  /**
   * Makes a change that concerns more than one leaf, or the levels above. The structure latch is taken with
   * no leaf latched; leaves may be latched under it.
   */
  underStructureLatch<T>(change: () => T): T {
    const latch = this.entry + tableStructureLatch
    this.i32[this.area + siteArea.indexEntry] = this.entry
    this.context.latches.acquire(latch)
    try {
      return change()
    } catch (error) {
      this.abandon()
      throw error
    } finally {
      this.context.latches.release(latch)
    }
  }
}

export function copyOf(key: KeyBytes): KeyBytes {
  const bytes = Uint8Array.prototype.slice.call(key.bytes, key.start, key.start + key.length)
  return { bytes, start: 0, length: key.length }
}
