/** What a thread needs to attach to a store: can be posted to it, or put into its `workerData`. */
export interface StoreHandle {
  readonly name: string
  /** Tells this store from all others, ever. */
  readonly id: string
  readonly buffer: SharedArrayBuffer
}
