import { isLackOfRoom } from '../../memory/errors.js'
import { header, removalLatchCount, siteArea } from '../../memory/layout.js'
import type { Engine } from '../engine.js'
import { retiredKind, type RetiredQueue } from '../retired.js'
import { wordState } from '../tuple.js'
import { leafSplitting, nodeContents, nodeLatch, tableStructureLatch } from './node.js'
import type { Tree } from './tree.js'

/**
 * Completes the change of an index that a dead site was making, if its result is published already, and
 * otherwise drops what was made for it; then frees the latches. `queue` is the dead site's.
 */
export function completeIndexChange(engine: Engine, area: number, id: number, queue: RetiredQueue): void {
  const { i32 } = engine.memory
  const entry = i32[area + siteArea.indexEntry]!
  if (entry === 0) return
  const tree = engine.catalog.treeAt(entry)
  tree.change.abandon(area)
  settleOldBlock(engine, area, queue)
  const holdsStructure = takeStructureLatch(engine, entry)
  if (holdsStructure) engine.context.arena.withLastReserve(() => tree.remover.completePublishing())
  for (let i = 0; i < removalLatchCount; i++) {
    const note = area + siteArea.indexRemovalLatches + i
    const leaf = i32[note]!
    if (leaf !== 0 && i32[(leaf << 1) + nodeLatch] === id) tree.change.endSplitting(leaf)
    freeLatch(i32, note, id)
  }
  settleOldNode(engine, area, queue)
  if (holdsStructure) completeRemoval(engine, tree, entry)
  completeSplit(engine, area, id, tree)
  freeLatch(i32, area + siteArea.indexLatched, id)
}

/**
 * The structure latch passes to this site if the dead held it, or a dead recoverer of the dead, and with it
 * the right to finish. Which table's it is, is noted first, for this site's own recoverer.
 */
function takeStructureLatch(engine: Engine, entry: number): boolean {
  const { context, memory } = engine
  const latch = entry + tableStructureLatch
  const holder = Atomics.load(memory.i32, latch)
  if (!context.sites.claimedBy(context.site.id).includes(holder)) return false
  memory.i32[context.area + siteArea.indexEntry] = entry
  return Atomics.compareExchange(memory.i32, latch, holder, context.site.id) === holder
}

/** What there is no memory for stays the table's to finish: later, when there is some. */
function completeRemoval(engine: Engine, tree: Tree, entry: number): void {
  const { i32 } = engine.memory
  try {
    tree.remover.complete()
  } catch (error) {
    if (!isLackOfRoom(error)) throw error
    tree.change.abandon()
  }
  Atomics.store(i32, header.removalUnfinished, 1)
  Atomics.store(i32, entry + tableStructureLatch, 0)
}

/** The dead may have pushed it to its queue already. */
function settleOldBlock(engine: Engine, area: number, queue: RetiredQueue): void {
  const { i32 } = engine.memory
  const old = i32[area + siteArea.indexOldBlock]!
  if (old !== 0 && !queue.endsWith(old)) queue.push(retiredKind.block, old, engine.context.site.retireStamp())
  i32[area + siteArea.indexOldBlock] = 0
}

/** As `settleOldBlock`, of a node and its contents, which are pushed first. */
function settleOldNode(engine: Engine, area: number, queue: RetiredQueue): void {
  const { i32 } = engine.memory
  const { site } = engine.context
  const node = i32[area + siteArea.indexOldNode]!
  if (node !== 0 && !queue.endsWith(node)) {
    const contents = i32[(node << 1) + nodeContents]!
    if (!queue.endsWith(contents)) queue.push(retiredKind.block, contents, site.retireStamp())
    queue.push(retiredKind.block, node, site.retireStamp())
  }
  i32[area + siteArea.indexOldNode] = 0
}

function completeSplit(engine: Engine, area: number, id: number, tree: Tree): void {
  const { i32, u64 } = engine.memory
  const split = i32[area + siteArea.indexNode]!
  if (split !== 0) {
    if (i32[(split << 1) + nodeLatch] === id) tree.splitter.finishSplit(split)
    else tree.splitter.completeSplit(split)
    i32[area + siteArea.indexNode] = 0
    return
  }
  const leaf = i32[area + siteArea.indexLatched]!
  const isHeld = leaf !== 0 && i32[(leaf << 1) + nodeLatch] === id
  if (isHeld) tree.dropUncounted(leaf)
  if (isHeld && Number(Atomics.load(u64, leaf) & 3n) === leafSplitting) tree.change.endSplitting(leaf)
}

function freeLatch(i32: Int32Array, note: number, id: number): void {
  const leaf = i32[note]!
  if (leaf !== 0) Atomics.compareExchange(i32, (leaf << 1) + nodeLatch, id, wordState.free)
  i32[note] = 0
}
