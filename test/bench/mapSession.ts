import type { Operations, RecordKey, Session, TransactionBody } from '../../bench/targets/target.js'

/**
 * A session over a plain map, in one thread. It counts what is asked of it, and can run a body again as a
 * retry does.
 */
export class MapSession<V> implements Session<V> {
  readonly isSync = true
  readonly records = new Map<RecordKey, V>()
  readonly calls = { get: 0, put: 0, insert: 0, values: 0, readOnly: 0, readWrite: 0 }
  readonly lengths: number[] = []
  attempts = 1

  readWrite(body: TransactionBody<V>): () => void {
    return this.#runner('readWrite', body)
  }

  readOnly(body: TransactionBody<V>): () => void {
    return this.#runner('readOnly', body)
  }

  entries(visit: (key: RecordKey, value: V) => void): void {
    for (const [key, value] of this.records) visit(key, value)
  }

  async close(): Promise<void> {}

  #runner(kind: 'readOnly' | 'readWrite', body: TransactionBody<V>): () => void {
    const operations = this.#operations()
    return () => {
      this.calls[kind] += 1
      for (let attempt = 0; attempt < this.attempts; attempt += 1) body(operations)
    }
  }

  #operations(): Operations<V> {
    const { records, calls, lengths } = this
    return {
      get(key) {
        calls.get += 1
        return records.get(key)
      },
      put(key, value) {
        calls.put += 1
        records.set(key, value)
      },
      insert(key, value) {
        calls.insert += 1
        records.set(key, value)
      },
      values(from, limit) {
        calls.values += 1
        lengths.push(limit)
        const keys = [...records.keys()].filter((key) => key >= from).toSorted((a, b) => (a < b ? -1 : 1))
        return keys.slice(0, limit).map((key) => records.get(key)!)
      },
    }
  }
}
