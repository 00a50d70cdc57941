import { stateMask, wordState } from '../tuple.js'

/**
 * The header of an index node, 32 bytes; its contents are an immutable block.
 *
 *     word 0-1  stamp, of a leaf: the largest tid that has read a range or an absent key of the leaf, and a
 *               state
 *     word 2    contents: address of the block; published by one store, replaced under the latch
 *     word 3    latch, of a leaf
 *
 * A leaf's states: `free`; `leafSplitting` (= `owned`): tuples are moving to a new leaf, so a writer that
 * checks the stamp waits; `locked`: as of tuples. Inner nodes change under the tree's structure latch alone.
 */
export const nodeContents = 2
export const nodeLatch = 3
export const nodeBytes = 32
export const leafSplitting: number = wordState.owned

/** Words of a table's catalog entry. */
export const tableRoot = 1
export const tableStructureLatch = 2
export const tableDescriptor = 3
/**
 * Of the removal of a node that has begun and not ended, under the structure latch: the node, its level, the
 * node that was left of it, or 0, and the contents still to be published (see `Remover`).
 */
export const tableRemoved = 4
export const tableRemovedLevel = 5
export const tableRemovedLeft = 6
export const tableRemovalContents = 7

/**
 * Raises a leaf's stamp to at least `stamp`, keeping its state. False if it is locked: the locker is to be
 * raised.
 */
export function raiseLeaf(i32: Int32Array, u64: BigUint64Array, leaf: number, stamp: bigint): boolean {
  let found = u64[leaf]!
  for (;;) {
    const state = Number(found & 3n)
    if (state === wordState.locked) return false
    if (found - BigInt(state) >= stamp) {
      if ((Atomics.load(i32, leaf << 1) & stateMask) !== wordState.locked) return true
      found = Atomics.load(u64, leaf)
      continue
    }
    const was = Atomics.compareExchange(u64, leaf, found, stamp | BigInt(state))
    if (was === found) return true
    found = was
  }
}
