import type { FieldsRecord, Operations, RecordKey, ValueKind, ValueKinds } from '../targets/target.js'
import type { Statement } from './sqlite.js'

/** The table for values of one kind, and its statements. */
export interface Columns<V> {
  create(keyType: 'INTEGER' | 'TEXT'): string
  readonly entries: string
  entryOf(row: unknown): [RecordKey, V]
  operationsOn(prepare: (sql: string) => Statement): Operations<V>
}

function create(keyType: 'INTEGER' | 'TEXT', columns: string): string {
  // Text keys: the table is the index. Integer keys: the primary key is the row's number.
  const tail = keyType === 'TEXT' ? ' WITHOUT ROWID' : ''
  return `CREATE TABLE IF NOT EXISTS usertable (k ${keyType} PRIMARY KEY, ${columns})${tail}`
}

function oneColumn<V>(type: 'TEXT' | 'INTEGER'): Columns<V> {
  return {
    create: (keyType) => create(keyType, `v ${type}`),
    entries: 'SELECT k, v FROM usertable ORDER BY k',
    entryOf(row) {
      const { k, v } = row as { k: RecordKey; v: V }
      return [k, v]
    },
    operationsOn(prepare) {
      const get = prepare('SELECT v FROM usertable WHERE k = ?')
      const put = prepare('INSERT INTO usertable VALUES (?, ?) ON CONFLICT (k) DO UPDATE SET v = excluded.v')
      const insert = prepare('INSERT INTO usertable VALUES (?, ?)')
      const values = prepare('SELECT v FROM usertable WHERE k >= ? ORDER BY k LIMIT ?')
      return {
        get: (key) => (get.get(key) as { v: V } | undefined)?.v,
        put: (key, value) => void put.run(key, value),
        insert: (key, value) => void insert.run(key, value),
        values: (from, limit) => values.all(from, limit).map((row) => (row as { v: V }).v),
      }
    },
  }
}

const names = Array.from({ length: 10 }, (_, index) => `field${index}` as keyof FieldsRecord)

const tenColumns: Columns<FieldsRecord> = {
  create: (keyType) => create(keyType, names.map((name) => `${name} TEXT`).join(', ')),
  entries: 'SELECT * FROM usertable ORDER BY k',
  entryOf(row) {
    const { k, ...value } = row as FieldsRecord & { k: RecordKey }
    return [k, value]
  },
  operationsOn(prepare) {
    const columns = names.join(', ')
    const places = names.map(() => '?').join(', ')
    const changes = names.map((name) => `${name} = excluded.${name}`).join(', ')
    const insertion = `INSERT INTO usertable VALUES (?, ${places})`
    const get = prepare(`SELECT ${columns} FROM usertable WHERE k = ?`)
    const put = prepare(`${insertion} ON CONFLICT (k) DO UPDATE SET ${changes}`)
    const insert = prepare(insertion)
    const values = prepare(`SELECT ${columns} FROM usertable WHERE k >= ? ORDER BY k LIMIT ?`)
    const parametersOf = (value: FieldsRecord): string[] => names.map((name) => value[name])
    return {
      get: (key) => get.get(key) as FieldsRecord | undefined,
      put: (key, value) => void put.run(key, ...parametersOf(value)),
      insert: (key, value) => void insert.run(key, ...parametersOf(value)),
      values: (from, limit) => values.all(from, limit) as FieldsRecord[],
    }
  },
}

export const columnsOf: { readonly [K in ValueKind]: Columns<ValueKinds[K]> } = {
  string: oneColumn('TEXT'),
  fields: tenColumns,
  balance: oneColumn('INTEGER'),
}
