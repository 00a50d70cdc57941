import type { SegmentPlace } from '../durable/standIn.js'
import type { DurabilityMode } from './options.js'

/** What a thread needs to attach to a store: can be posted to it, or put into its `workerData`. */
export interface StoreHandle {
  readonly name: string
  /** Tells this store from all others, ever. */
  readonly id: string
  readonly buffer: SharedArrayBuffer
  /** In a store with a path. */
  readonly journal?: JournalHandle
}

export interface JournalHandle extends SegmentPlace {
  /** The ring between those who commit and the journal thread. */
  readonly buffer: SharedArrayBuffer
  readonly durability: DurabilityMode
}
