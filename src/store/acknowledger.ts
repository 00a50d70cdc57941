import { Durability as DurabilityWaits } from '../durable/durability.js'
import { JournalClosedError } from '../durable/errors.js'
import { isThreadDead } from '../durable/nativeThread.js'
import type { Ring } from '../durable/ring.js'
import { ringState } from '../durable/ringLayout.js'
import { StandIn } from '../durable/standIn.js'
import type { JournalLog } from './commitLog.js'
import { OptionError } from './errors.js'
import type { JournalHandle } from './handle.js'
import type { DurabilityMode } from './options.js'

/**
 * What a thread's store does between the commit of a transaction and its answer to the caller, in a store
 * with a journal: in mode `sync`, it waits until all that the transaction has read or written is on disk.
 */
export class Acknowledger {
  readonly mode: DurabilityMode
  readonly ring: Ring
  readonly #log: JournalLog
  readonly #waits: DurabilityWaits

  constructor(log: JournalLog, journal: JournalHandle) {
    this.ring = log.appender.ring
    this.mode = journal.durability
    this.#log = log
    this.#waits = new DurabilityWaits(this.ring, isThreadDead, new StandIn(this.ring, journal))
  }

  get hasFailed(): boolean {
    return this.ring.state === ringState.failed
  }

  /** Why the journal has failed; undefined while it has not. */
  get failure(): Error | undefined {
    return this.hasFailed ? this.ring.failure() : undefined
  }

  /** Resolves, with the value, when a transaction of this position is to be answered. */
  acknowledge<T>(position: number, mode: DurabilityMode, timeoutMs: number, value: T): Promise<T> {
    if (mode === 'sync') {
      if (!this.#waits.isDurable(position)) return this.#waits.whenDurable(position, timeoutMs, value)
    } else if (position !== 0) this.#log.appender.wake()
    return Promise.resolve(value)
  }

  /** As `acknowledge`, blocking this thread. */
  acknowledgeSync(position: number, mode: DurabilityMode, timeoutMs: number): void {
    if (mode === 'sync') this.#waits.wait(position, timeoutMs)
    else if (position !== 0) this.#log.appender.wake()
  }

  /** Resolves when everything that had committed when it was called is on disk. */
  flush(timeoutMs: number): Promise<void> {
    if (this.ring.state === ringState.closed) return Promise.reject(new JournalClosedError())
    return this.#waits.whenDurable(this.ring.tail, timeoutMs, undefined)
  }

  /** Resolves when nobody of this thread waits any more. */
  close(): Promise<void> {
    return this.#waits.close()
  }
}

/** The mode of one transaction. In a store without a journal there is none to choose. */
export function modeOf(
  acknowledger: Acknowledger | undefined,
  asked: DurabilityMode | undefined,
): DurabilityMode {
  if (acknowledger !== undefined) return asked ?? acknowledger.mode
  if (asked === 'sync' || asked === 'async') {
    throw new OptionError(
      'durability',
      `durability is '${asked}', but this store keeps data in memory only: open it with a path`,
    )
  }
  return 'none'
}
