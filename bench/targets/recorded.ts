import { errorText, outcomeOf, type RecordedCall, type Recorder } from 'tidemark/history'
import type { Committing, Footprint, Operations, RecordKey, Session, TransactionBody } from './target.js'

/** How the values of a workload carry a version: the number that the history knows them by. */
export interface Versions<V> {
  /** The value with this version in it. May change `value` itself. */
  withVersion(value: V, version: number): V
  /** Null for a value that was loaded, before anything was recorded. */
  versionOf(value: V): number | null
}

/** Records a session's transactions, over any target: registers, each write with a version of its own. */
export class RecordedSession<V> implements Session<V> {
  readonly #session: Session<V>
  readonly #recorder: Recorder
  readonly #versions: Versions<V>

  constructor(session: Session<V>, recorder: Recorder, versions: Versions<V>) {
    this.#session = session
    this.#recorder = recorder
    this.#versions = versions
  }

  get isSync(): boolean {
    return this.#session.isSync
  }

  readWrite(body: TransactionBody<V>, footprint: Footprint): () => Committing {
    return this.#recorded((recorded) => this.#session.readWrite(recorded, footprint), body)
  }

  readOnly(body: TransactionBody<V>, footprint: Footprint): () => Committing {
    return this.#recorded((recorded) => this.#session.readOnly(recorded, footprint), body)
  }

  entries(visit: (key: RecordKey, value: V) => void): Committing {
    return this.#session.entries(visit)
  }

  async close(): Promise<void> {
    this.#recorder.close()
    await this.#session.close()
  }

  #recorded(
    prepare: (body: TransactionBody<V>) => () => Committing,
    body: TransactionBody<V>,
  ): () => Committing {
    const recorder = this.#recorder
    const operations = new RecordedOperations(recorder, this.#versions)
    let hasBegun = false
    let hasReturned = false
    const run = prepare((inner) => {
      if (hasBegun) operations.call!.restart()
      hasBegun = true
      hasReturned = false
      operations.inner = inner
      body(operations)
      hasReturned = true
    })
    const failed = (error: unknown): never => {
      if (!hasReturned || outcomeOf(error) === 'fail') operations.call!.fail(errorText(error))
      else operations.call!.info(errorText(error))
      throw error
    }
    return () => {
      hasBegun = false
      hasReturned = false
      operations.call = recorder.invoke()
      let committing: Committing
      try {
        committing = run()
      } catch (error) {
        return failed(error)
      }
      if (committing !== undefined) return committing.then(() => operations.call!.ok(), failed)
      operations.call.ok()
      return undefined
    }
  }
}

class RecordedOperations<V> implements Operations<V> {
  call: RecordedCall | undefined
  inner: Operations<V> | undefined
  readonly #recorder: Recorder
  readonly #versions: Versions<V>

  constructor(recorder: Recorder, versions: Versions<V>) {
    this.#recorder = recorder
    this.#versions = versions
  }

  get(key: RecordKey): V | undefined {
    const value = this.inner!.get(key)
    this.call!.read(key, value === undefined ? null : this.#versions.versionOf(value))
    return value
  }

  put(key: RecordKey, value: V): void {
    const version = this.#recorder.unique()
    this.inner!.put(key, this.#versions.withVersion(value, version))
    this.call!.write(key, version)
  }

  insert(key: RecordKey, value: V): void {
    const version = this.#recorder.unique()
    this.inner!.insert(key, this.#versions.withVersion(value, version))
    this.call!.write(key, version)
  }

  values(): never {
    throw new Error('tidemark bug: a range read has no keys to record; the options should have refused it')
  }
}
