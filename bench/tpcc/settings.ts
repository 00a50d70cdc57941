import type { Mix } from './kinds.js'

/** Everything that one run depends on; structured-cloneable, since every thread gets it. */
export interface RunSettings {
  readonly warehouses: number
  readonly threads: number
  readonly seconds: number
  readonly warmup: number
  readonly seed: number
  readonly mix: Mix
  /** The share of the specification's population. */
  readonly scale: number
  readonly memoryLimitBytes: number | undefined
  /** Where the store is kept; undefined for a store in memory. */
  readonly path: string | undefined
  readonly durability: Durability | undefined
}

export type Durability = 'sync' | 'async' | 'none'
