import { removalLatchCount, siteArea } from '../../memory/layout.js'
import type { Engine } from '../engine.js'
import { retiredKind, type RetiredQueue } from '../retired.js'
import { wordState } from '../tuple.js'
import { leafSplitting, nodeLatch, tableStructureLatch } from './node.js'

/**
 * Completes the change of an index that a dead site was making, if its result is published already, and
 * otherwise drops what was made for it; then frees the latches. `queue` is the dead site's.
 */
export function completeIndexChange(engine: Engine, area: number, id: number, queue: RetiredQueue): void {
  const { i32 } = engine.memory
  const entry = i32[area + siteArea.indexEntry]!
  if (entry !== 0) engine.catalog.treeAt(entry).change.abandon(area)
  const old = i32[area + siteArea.indexOldBlock]!
  if (old !== 0 && !queue.endsWith(old)) queue.push(retiredKind.block, old, engine.context.site.retireStamp())
  i32[area + siteArea.indexOldBlock] = 0
  if (entry === 0) return
  const tree = engine.catalog.treeAt(entry)
  const removed = i32[area + siteArea.indexRemoved]!
  // The structure latch, if the dead held it, passes to this site, and with it the right to finish.
  const structureLatch = entry + tableStructureLatch
  const holdsStructure = Atomics.compareExchange(i32, structureLatch, id, engine.context.site.id) === id
  if (holdsStructure && removed !== 0) {
    tree.remover.completeRemoval(
      removed,
      i32[area + siteArea.indexRemovedLevel]!,
      i32[area + siteArea.indexRemovalPhase]!,
    )
  }
  i32[area + siteArea.indexRemoved] = 0
  for (let i = 0; i < removalLatchCount; i++) {
    const note = area + siteArea.indexRemovalLatches + i
    const leaf = i32[note]!
    if (leaf !== 0 && i32[(leaf << 1) + nodeLatch] === id) tree.change.endSplitting(leaf)
    freeLatch(i32, note, id)
  }
  if (holdsStructure) Atomics.store(i32, structureLatch, 0)
  completeSplit(engine, area, id, entry)
  freeLatch(i32, area + siteArea.indexLatched, id)
}

function completeSplit(engine: Engine, area: number, id: number, entry: number): void {
  const { i32, u64 } = engine.memory
  const tree = engine.catalog.treeAt(entry)
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
