import type { Engine } from '../mvcc/engine.js'
import type { MvccTransaction } from '../mvcc/transaction.js'
import { Snapshot } from './view.js'

/**
 * A snapshot that stays open until it is closed. The values that it can see are kept until then, beside the
 * newest ones; those between are not. What inserts and deletes replace in the index is kept whole. A thread
 * can have 24 such snapshots; more of them keep everything that was written since.
 */
export class HeldSnapshot extends Snapshot implements Disposable {
  readonly #close: () => void

  /** @internal */
  constructor(engine: Engine, owner: object, tx: MvccTransaction, close: () => void) {
    super(engine, owner, tx)
    this.#close = close
  }

  /** Ends the snapshot. Closing it again does nothing. */
  close(): void {
    this.#close()
    this.end()
  }

  [Symbol.dispose](): void {
    this.close()
  }
}
