import { join } from 'node:path'
import { connections } from '../targets/connections.js'
import { folderOf } from '../targets/files.js'
import type {
  Footprint,
  Operations,
  RecordKey,
  Session,
  Target,
  TargetOptions,
  Traits,
  TransactionBody,
  ValueKind,
  ValueKinds,
} from '../targets/target.js'
import { peerModule, whyUnavailable } from './peerModule.js'
import { type Columns, columnsOf } from './sqliteColumns.js'

/** What the adapter uses of better-sqlite3 12. */
export interface Statement {
  run(...parameters: readonly unknown[]): unknown
  get(...parameters: readonly unknown[]): unknown
  iterate(...parameters: readonly unknown[]): Iterable<unknown>
  all(...parameters: readonly unknown[]): unknown[]
}

interface Sqlite {
  prepare(sql: string): Statement
  pragma(source: string): unknown
  exec(sql: string): unknown
  transaction(body: () => void): { deferred(): void; immediate(): void }
  close(): void
}

type SqliteModule = new (path: string, options?: { timeout?: number }) => Sqlite

/** How long a writer waits for another connection's transaction: longer than any run. */
const busyMilliseconds = 120_000

type Synchronous = 'OFF' | 'NORMAL' | 'FULL'

function openFile(options: TargetOptions, synchronous: Synchronous | undefined): Sqlite {
  const Module = peerModule<SqliteModule>('better-sqlite3')
  if (synchronous === undefined) return new Module(':memory:')
  const file = new Module(join(folderOf(options), 'bench.sqlite'), { timeout: busyMilliseconds })
  file.pragma('journal_mode = WAL')
  file.pragma(`synchronous = ${synchronous}`)
  // A cache that holds any benchmark, so that reads make no system calls.
  file.pragma('cache_size = -1048576')
  return file
}

class SqliteSession<V> implements Session<V> {
  readonly isSync = true
  readonly #file: Sqlite
  readonly #columns: Columns<V>
  readonly #operations: Operations<V>

  constructor(file: Sqlite, columns: Columns<V>, keyType: 'INTEGER' | 'TEXT') {
    this.#file = file
    this.#columns = columns
    file.exec(columns.create(keyType))
    this.#operations = columns.operationsOn((sql) => file.prepare(sql))
  }

  readWrite(body: TransactionBody<V>, { isSingle }: Footprint): () => void {
    const operations = this.#operations
    const run = (): void => body(operations)
    // One statement is a transaction of its own.
    if (isSingle) return run
    const transaction = this.#file.transaction(run)
    return () => transaction.immediate()
  }

  readOnly(body: TransactionBody<V>, { isSingle, range }: Footprint): () => void {
    const operations = this.#operations
    const run = (): void => body(operations)
    if (isSingle || range !== undefined) return run
    const transaction = this.#file.transaction(run)
    return () => transaction.deferred()
  }

  entries(visit: (key: RecordKey, value: V) => void): void {
    for (const row of this.#file.prepare(this.#columns.entries).iterate()) {
      visit(...this.#columns.entryOf(row))
    }
  }

  async close(): Promise<void> {
    this.#file.close()
  }
}

function sessionOf<K extends ValueKind>(
  kind: K,
  options: TargetOptions,
  synchronous: Synchronous | undefined,
): Session<ValueKinds[K]> {
  const keyType = options.keys === 'integer' ? 'INTEGER' : 'TEXT'
  return new SqliteSession(openFile(options, synchronous), columnsOf[kind], keyType)
}

function sqliteTarget(
  name: string,
  synchronous: Synchronous | undefined,
  traits: Pick<Traits, 'description' | 'durability'>,
): Target {
  return {
    name,
    traits: {
      ...traits,
      transactions: 'serializable',
      hasRanges: true,
      hasThreads: synchronous !== undefined,
      inFlight: 1,
    },
    async unavailable() {
      return whyUnavailable<SqliteModule>('better-sqlite3', (Module) => new Module(':memory:').close())
    },
    async open(options) {
      return connections((kind) => sessionOf(kind, options, synchronous))
    },
    async connect(_handle, kind, options) {
      return sessionOf(kind, options, synchronous)
    },
  }
}

export const sqliteTargets: readonly Target[] = [
  sqliteTarget('sqlite-memory', undefined, {
    description: 'better-sqlite3 on :memory:, prepared statements, one thread',
    durability: 'memory',
  }),
  sqliteTarget('sqlite-wal-off', 'OFF', {
    description: 'better-sqlite3, WAL with synchronous=OFF, files in memory where possible',
    durability: 'memory',
  }),
  sqliteTarget('sqlite-wal-normal', 'NORMAL', {
    description: 'better-sqlite3, WAL with synchronous=NORMAL: synced at checkpoints',
    durability: 'async',
  }),
  sqliteTarget('sqlite-wal-full', 'FULL', {
    description: 'better-sqlite3, WAL with synchronous=FULL: synced at every commit',
    durability: 'sync',
  }),
]
