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

export interface JournalHandle {
  /** The ring between those who commit and the journal thread. */
  readonly buffer: SharedArrayBuffer
  /** The CRC state that the journal's frames begin with. */
  readonly seed: number
  readonly durability: DurabilityMode
}
