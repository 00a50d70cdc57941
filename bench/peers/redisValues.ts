import type { FieldsRecord, ValueKind, ValueKinds } from '../targets/target.js'

/** The client's commands that values need; a queue of `multi` has the same ones. */
export interface RedisCommands {
  get(key: string): unknown
  set(key: string, value: string): unknown
  hGetAll(key: string): unknown
  hSet(key: string, value: Readonly<Record<string, string>>): unknown
  zAdd(key: string, member: { score: number; value: string }): unknown
}

/** How values of one kind are kept. */
export interface RedisValue<V> {
  /** Whether one MGET reads several. */
  readonly isText: boolean
  read(commands: RedisCommands, key: string): unknown
  write(commands: RedisCommands, key: string, value: V): unknown
  /** A reply to the reading command, or an element of a script's reply. */
  decode(reply: unknown): V | undefined
  /** The reading command in Lua, for the variable `key`. */
  readonly script: string
}

function textValue<V>(encode: (value: V) => string, decode: (text: string) => V): RedisValue<V> {
  return {
    isText: true,
    read: (commands, key) => commands.get(key),
    write: (commands, key, value) => commands.set(key, encode(value)),
    decode: (reply) => (typeof reply === 'string' ? decode(reply) : undefined),
    script: `redis.call('GET', key)`,
  }
}

/** A hash, as YCSB's own binding for Redis keeps a record. */
const hashValue: RedisValue<FieldsRecord> = {
  isText: false,
  read: (commands, key) => commands.hGetAll(key),
  write: (commands, key, value) => commands.hSet(key, { ...value }),
  decode(reply) {
    const record = Array.isArray(reply) ? pairsOf(reply) : { ...(reply as object) }
    return Object.keys(record).length === 0 ? undefined : (record as unknown as FieldsRecord)
  },
  script: `redis.call('HGETALL', key)`,
}

function pairsOf(flat: readonly unknown[]): Record<string, unknown> {
  const pairs: Record<string, unknown> = {}
  for (let index = 0; index + 1 < flat.length; index += 2) pairs[String(flat[index])] = flat[index + 1]
  return pairs
}

export const redisValues: { readonly [K in ValueKind]: RedisValue<ValueKinds[K]> } = {
  string: textValue(String, (text) => text),
  fields: hashValue,
  balance: textValue(String, Number),
}
