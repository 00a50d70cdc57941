import type { Operations, RecordKey } from './target.js'

/**
 * The operations of a body for targets that answer later: what it reads has been fetched before it runs, what
 * it writes is sent after.
 */
export class BufferedOperations<V> implements Operations<V> {
  readonly #fetched = new Map<RecordKey, V | undefined>()
  #ranged: readonly V[] = []
  #writes: Write<V>[] = []

  /** Forgets the last run of the body. */
  reset(): void {
    this.#fetched.clear()
    this.#ranged = []
    this.#writes = []
  }

  fetched(key: RecordKey, value: V | undefined): void {
    this.#fetched.set(key, value)
  }

  ranged(values: readonly V[]): void {
    this.#ranged = values
  }

  get writes(): readonly Write<V>[] {
    return this.#writes
  }

  get(key: RecordKey): V | undefined {
    if (!this.#fetched.has(key)) throw new RangeError(`key ${key} is not in the transaction's footprint`)
    return this.#fetched.get(key)
  }

  put(key: RecordKey, value: V): void {
    this.#write(key, value, false)
  }

  insert(key: RecordKey, value: V): void {
    this.#write(key, value, true)
  }

  values(): Iterable<V> {
    return this.#ranged
  }

  #write(key: RecordKey, value: V, isNew: boolean): void {
    this.#writes.push({ key, value, isNew })
    this.#fetched.set(key, value)
  }
}

export interface Write<V> {
  readonly key: RecordKey
  readonly value: V
  readonly isNew: boolean
}
