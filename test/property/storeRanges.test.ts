import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Key, Store, Table, Transaction } from '../../src/index.js'
import {
  entriesOf,
  mixedKey,
  type Model,
  orderOf,
  type RangeCase,
  rangeCases,
  rangeOf,
} from '../kit/storeKeys.js'
import { openStore, type Reads, thrownBy } from '../kit/storeRoom.js'

interface Write {
  readonly key: Key
  /** Undefined deletes. */
  readonly value: number | undefined
}

const writes: fc.Arbitrary<Write> = fc.record({
  key: mixedKey,
  value: fc.option(fc.nat(), { nil: undefined, freq: 3 }),
})

function play(model: Model, { key, value }: Write): void {
  if (value === undefined) model.delete(orderOf(key))
  else model.set(orderOf(key), { key, value })
}

function write(store: Store, table: Table, all: readonly Write[]): void {
  store.transactionSync((tx) => {
    for (const { key, value } of all) {
      if (value === undefined) tx.delete(table, key)
      else tx.put(table, key, value)
    }
  })
}

/** All ways to read the range agree with the model, and with each other. */
function check(tx: Reads, table: Table, model: Model, ranges: readonly RangeCase[]): void {
  for (const range of ranges) {
    const expected = entriesOf(model, range)
    const keys = expected.map(([key]) => key)
    const values = expected.map(([, value]) => value)
    const options = rangeOf(range)
    expect(tx.getRange(table, options).toArray()).toEqual(expected)
    expect([...tx.getRange(table, options)]).toEqual(expected)
    expect(tx.getKeys(table, options).toArray()).toEqual(keys)
    expect([...tx.getKeys(table, options)]).toEqual(keys)
    expect(tx.getValues(table, options).toArray()).toEqual(values)
    expect([...tx.getValues(table, options)]).toEqual(values)
    expect(tx.count(table, options)).toBe(expected.length)
  }
}

describe('every range', () => {
  it('over keys of all types gives what a sorted array gives, own uncommitted writes included', async () => {
    const store = await openStore()
    const table = store.table('mixed')
    const ranges = fc.array(rangeCases(mixedKey), { minLength: 1, maxLength: 4 })
    fc.assert(
      fc.property(
        fc.array(writes, { maxLength: 30 }),
        fc.array(writes, { maxLength: 12 }),
        ranges,
        fc.constantFrom('optimistic' as const, 'locking' as const),
        (committed, own, cases, mode) => {
          store.transactionSync((tx) => {
            for (const key of tx.getKeys(table).toArray()) tx.delete(table, key)
          })
          const before: Model = new Map()
          write(store, table, committed)
          committed.forEach((each) => play(before, each))
          store.snapshot((tx) => check(tx, table, before, cases))
          const undone = new Error('undone')
          const body = (tx: Transaction) => {
            const model = new Map(before)
            check(tx, table, model, cases)
            for (const each of own) {
              if (each.value === undefined) tx.delete(table, each.key)
              else tx.put(table, each.key, each.value)
              play(model, each)
            }
            check(tx, table, model, cases)
            throw undone
          }
          expect(thrownBy(() => store.transactionSync(body, { mode }))).toBe(undone)
          store.snapshot((tx) => check(tx, table, before, cases))
        },
      ),
      { numRuns: 120 },
    )
  })

  it('over many leaves of the index gives what a sorted array gives, while leaves come and go', async () => {
    const store = await openStore({ memoryLimitBytes: 64 * 1024 ** 2 })
    const numbers = store.table('numbers')
    const size = 4000
    const model: Model = new Map()
    const stretch = fc.record({
      from: fc.nat({ max: size }),
      length: fc.nat({ max: 900 }),
      step: fc.integer({ min: 1, max: 3 }),
      isDelete: fc.boolean(),
    })
    const key = fc.nat({ max: size }).map((n) => n / 2)
    fc.assert(
      fc.property(stretch, fc.array(rangeCases(key), { minLength: 1, maxLength: 3 }), (change, cases) => {
        const changes: Write[] = []
        for (let n = change.from; n < Math.min(size, change.from + change.length); n += change.step)
          changes.push({ key: n, value: change.isDelete ? undefined : change.from })
        write(store, numbers, changes)
        changes.forEach((each) => play(model, each))
        store.collect()
        store.snapshot((tx) => check(tx, numbers, model, cases))
      }),
      { numRuns: 40, endOnFailure: true },
    )
    expect(store.snapshot((tx) => tx.count(numbers))).toBe(model.size)
  })
})
