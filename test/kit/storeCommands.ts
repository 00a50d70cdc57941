import { inspect } from 'node:util'
import type fc from 'fast-check'
import { expect } from 'vitest'
import {
  DuplicateKeyError,
  type HeldSnapshot,
  type Key,
  RetryLimitError,
  type Store,
  type Table,
  type Transaction,
} from '../../src/index.js'
import { entriesOf, mixedKeys, type Model, orderOf, type RangeCase, rangeOf } from './storeKeys.js'
import { type Reads, thrownBy } from './storeRoom.js'

/** What one transaction of the model test does, step by step. */
export type Change =
  | { readonly kind: 'put'; readonly key: Key; readonly value: unknown }
  | { readonly kind: 'insert'; readonly key: Key; readonly value: unknown }
  | { readonly kind: 'delete'; readonly key: Key }
  | { readonly kind: 'get'; readonly key: Key }
  | { readonly kind: 'range'; readonly range: RangeCase }

export interface Site {
  readonly store: Store
  readonly table: Table
}

export interface World {
  readonly sites: readonly Site[]
  readonly held: { readonly snapshot: HeldSnapshot; readonly table: Table }[]
  /** How many pairs of overlapping transactions both committed, and how many did not. */
  overlapped: number
  refused: number
}

/** What the store must hold, and what each held snapshot must go on showing. */
export interface ModelState {
  table: Model
  readonly held: Model[]
}

export type StoreCommand = fc.Command<ModelState, World>

/** Applies the changes to both, and compares each answer. */
function play(tx: Transaction, table: Table, model: Model, changes: readonly Change[]): void {
  for (const change of changes) {
    if (change.kind === 'range') {
      lookAt(tx, table, model, change.range)
      continue
    }
    const { key } = change
    const order = orderOf(key)
    expect(tx.get(table, key)).toEqual(model.get(order)?.value)
    expect(tx.has(table, key)).toBe(model.has(order))
    if (change.kind === 'get') continue
    if (change.kind === 'delete') {
      expect(tx.delete(table, key)).toBe(model.delete(order))
    } else if (change.kind === 'insert' && model.has(order)) {
      expect(thrownBy(() => tx.insert(table, key, change.value))).toBeInstanceOf(DuplicateKeyError)
    } else {
      tx[change.kind](table, key, change.value)
      model.set(order, change)
      expect(tx.get(table, key)).toEqual(change.value)
    }
  }
}

function lookAt(tx: Reads, table: Table, model: Model, range: RangeCase): void {
  const expected = entriesOf(model, range)
  expect(tx.getRange(table, rangeOf(range)).toArray()).toEqual(expected)
  expect(tx.count(table, rangeOf(range))).toBe(expected.length)
}

function lookAtAll(tx: Reads, table: Table, model: Model): void {
  lookAt(tx, table, model, {})
  lookAt(tx, table, model, { reverse: true })
  for (const key of mixedKeys) expect(tx.get(table, key)).toEqual(model.get(orderOf(key))?.value)
}

/** A transaction that commits, at once: nobody else is at work. */
export function commit(site: number, mode: Mode, changes: readonly Change[]): StoreCommand {
  return command(['commit', site, mode, changes], (model, world) => {
    const { store, table } = world.sites[site]!
    const next: Model = new Map(model.table)
    store.transactionSync((tx) => play(tx, table, next, changes), { mode, maxRetries: 0 })
    model.table = next
  })
}

/** A transaction that does all of it and then throws. */
export function giveUp(site: number, mode: Mode, changes: readonly Change[]): StoreCommand {
  return command(['giveUp', site, mode, changes], (model, world) => {
    const { store, table } = world.sites[site]!
    const reason = new Error('given up')
    const body = (tx: Transaction) => {
      play(tx, table, new Map(model.table), changes)
      throw reason
    }
    expect(thrownBy(() => store.transactionSync(body, { mode }))).toBe(reason)
  })
}

/**
 * Two optimistic transactions at once: the second begins later and commits first. Then the first commits as
 * if it had come before, or is refused; in either case what both saw was the state before.
 */
export function overlap(site: number, outer: readonly Change[], inner: readonly Change[]): StoreCommand {
  return command(['overlap', site, outer, inner], (model, world) => {
    const first = world.sites[site]!
    const second = world.sites[1 - site]!
    const afterFirst: Model = new Map(model.table)
    const afterSecond: Model = new Map(model.table)
    const half = Math.ceil(outer.length / 2)
    const alone = { maxRetries: 0 }
    const body = (tx: Transaction) => {
      play(tx, first.table, afterFirst, outer.slice(0, half))
      second.store.transactionSync((later) => play(later, second.table, afterSecond, inner), alone)
      play(tx, first.table, afterFirst, outer.slice(half))
    }
    try {
      first.store.transactionSync(body, alone)
    } catch (error) {
      if (!(error instanceof RetryLimitError)) throw error
      world.refused++
      model.table = afterSecond
      return
    }
    world.overlapped++
    model.table = afterFirst
    replay(afterFirst, inner)
  })
}

/** Looks at everything, in a snapshot and in a transaction. */
export function look(site: number, ranges: readonly RangeCase[]): StoreCommand {
  return command(['look', site, ranges], (model, world) => {
    const { store, table } = world.sites[site]!
    const body = (tx: Reads) => {
      lookAtAll(tx, table, model.table)
      for (const range of ranges) lookAt(tx, table, model.table, range)
    }
    store.snapshot(body)
    store.transactionSync(body, { maxRetries: 0 })
  })
}

/** Opens a snapshot that stays. */
export function hold(site: number): StoreCommand {
  return command(['hold', site], (model, world) => {
    const { store, table } = world.sites[site]!
    world.held.push({ snapshot: store.snapshot(), table })
    model.held.push(new Map(model.table))
  })
}

/** Looks at a held snapshot: it shows what it showed. */
export function lookBack(index: number, range: RangeCase): StoreCommand {
  const run: Run = (model, world) => {
    const { snapshot, table } = world.held[index]!
    const then = model.held[index]!
    lookAtAll(snapshot, table, then)
    lookAt(snapshot, table, then, range)
  }
  return command(['lookBack', index, range], run, ({ held }) => index < held.length)
}

/** Closes a held snapshot. */
export function release(index: number): StoreCommand {
  const run: Run = (model, world) => {
    const [held] = world.held.splice(index, 1)
    held?.snapshot.close()
    model.held.splice(index, 1)
  }
  return command(['release', index], run, ({ held }) => index < held.length)
}

/** Collects garbage. */
export function collect(site: number): StoreCommand {
  return command(['collect', site], (_, world) => world.sites[site]!.store.collect())
}

type Mode = 'optimistic' | 'locking'
type Run = (model: ModelState, world: World) => void

/** A command whose description says what to repeat. */
function command(
  description: readonly unknown[],
  run: Run,
  check: (model: Readonly<ModelState>) => boolean = () => true,
): StoreCommand {
  const toString = () => inspect(description, { depth: 6, breakLength: Number.POSITIVE_INFINITY })
  return { run, check, toString }
}

/** The changes as they would have gone on the model alone. */
function replay(model: Model, changes: readonly Change[]): void {
  for (const change of changes) {
    if (change.kind === 'range' || change.kind === 'get') continue
    const order = orderOf(change.key)
    if (change.kind === 'delete') model.delete(order)
    else if (change.kind === 'put' || !model.has(order)) model.set(order, change)
  }
}
