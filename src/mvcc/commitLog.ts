import type { TableEntry } from './catalog.js'
import type { WriteSet } from './writeSet.js'

/**
 * What the commit protocol asks of a journal. This layer knows none; the store brings one, for each site.
 *
 * Positions grow in the order in which they are taken, and a transaction takes its own while it owns all that
 * it writes, after it has read all that it read. So whatever it depends on has a lower one, and any prefix of
 * the journal is a consistent state.
 */
export interface CommitLog {
  /**
   * Encodes the writes and claims room for them. The only step that may wait, and that may throw: nothing is
   * owned yet.
   */
  prepare(writes: WriteSet): void
  /** Gives up the claim: the transaction does not commit. */
  cancel(): void
  /**
   * Takes the position and writes the record, which nobody reads yet. The answer is where the record ends.
   */
  append(): number
  /** After the commit point: the record may go to disk. */
  publish(): void
  /** Records a new table, before anybody can write to it. */
  create(table: TableEntry): void
  /**
   * Completes what a dead site has left: publishes its record if it is past its commit point, else voids
   * it.
   */
  recover(site: number, isCommitted: boolean): void
  /** Whether everything below the position is on disk. */
  isDurable(position: number): boolean
}
