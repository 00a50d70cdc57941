/**
 * What a history says. A client's call is two operations: its `invoke`, and later an `ok` (it happened), a
 * `fail` (it certainly did not happen) or an `info` (nobody knows). A call without a second operation is
 * like one with `info`.
 */
export const operationTypes = ['invoke', 'ok', 'fail', 'info'] as const
export type OperationType = (typeof operationTypes)[number]

/**
 * Any value a history can hold. EDN keywords are strings without their colon, EDN lists and vectors are
 * arrays; maps are `Map`s in both formats, because EDN keys may be anything.
 */
export type Value =
  | null
  | boolean
  | number
  | bigint
  | string
  | readonly Value[]
  | ReadonlyMap<Value, Value>
  | ReadonlySet<Value>

/** One step of a transaction: `['append', key, value]`, `['w', key, value]` or `['r', key, seen]`. */
export type MicroOperation = readonly ['append' | 'w' | 'r', Value, Value]

export interface Operation {
  /** The position in the recorded history. Histories without indexes are numbered as they are read. */
  readonly index: number
  readonly type: OperationType
  /** A client is a number; strings name what is no client, such as `nemesis`. */
  readonly process: number | string
  /** What was called: txn, read, write, cas, transfer... */
  readonly f: string
  /** The argument of the call or its answer. Of `txn`: its micro-operations. */
  readonly value: Value
  /** Nanoseconds since some moment before the run. */
  readonly time?: number
  /** Why it failed or is unknown. */
  readonly error?: Value
  /** Of an `ok` transaction: the place the store itself gave it in the serial order. */
  readonly tid?: bigint
  /** The line of the file it was read from, from 1. */
  readonly line?: number
}

/** An operation to record: the index is given when it is added to a history. */
export type NewOperation = Omit<Operation, 'index' | 'line'> & {
  readonly index?: number
  readonly line?: number
}

/** A call as its client saw it. */
export interface Call {
  readonly invocation: Operation
  /** Absent when the history ends first, or the process crashed. */
  readonly completion?: Operation
}

/** The process of operations that disturb the system instead of using it. Checkers leave them out. */
export const nemesis = 'nemesis'
