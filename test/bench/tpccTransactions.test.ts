import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Deliveries } from '../../bench/tpcc/delivery.js'
import { kinds, type Mix, standardMix } from '../../bench/tpcc/kinds.js'
import { newOrders } from '../../bench/tpcc/newOrder.js'
import { orderStatuses } from '../../bench/tpcc/orderStatus.js'
import { payments } from '../../bench/tpcc/payment.js'
import { ofDistrict } from '../../bench/tpcc/schema.js'
import { stockLevels } from '../../bench/tpcc/stockLevel.js'
import type { Terminals } from '../../bench/tpcc/terminal.js'
import { verify } from '../../bench/tpcc/verify.js'
import { workOf } from '../../bench/tpcc/work.js'
import { type LoadedStore, loadedStore, terminalsOf } from './tpccKit.js'

let loaded: LoadedStore
let terminals: Terminals
beforeAll(async () => {
  loaded = await loadedStore('tpcc transactions', 2, 0.01)
  terminals = terminalsOf(loaded, [1, 2])
})
afterAll(async () => {
  const { store, tables, population } = loaded
  expect(() => verify(store, tables, population)).not.toThrow()
  await store.close()
})

function counts(): Record<string, number> {
  const { store, tables } = loaded
  return store.snapshot((tx) => ({
    order: tx.count(tables.order),
    newOrder: tx.count(tables.newOrder),
    orderLine: tx.count(tables.orderLine),
    history: tx.count(tables.history),
    orderByCustomer: tx.count(tables.orderByCustomer),
  }))
}

describe('transactions', () => {
  test('new orders add an order each, take from stock, and one in a hundred is rolled back', () => {
    const before = counts()
    const run = newOrders(terminals)
    const outcomes = Array.from({ length: 1000 }, () => run())
    const rolledBack = outcomes.filter((kind) => kind === kinds.rolledBack).length
    expect(rolledBack).toBeGreaterThan(0)
    expect(rolledBack).toBeLessThan(40)
    const after = counts()
    const added = outcomes.length - rolledBack
    for (const table of ['order', 'newOrder', 'orderByCustomer'] as const)
      expect(after[table]! - before[table]!).toBe(added)
    const lines = after['orderLine']! - before['orderLine']!
    expect(lines / added).toBeGreaterThan(9)
    expect(lines / added).toBeLessThan(11)
    expectStockTells(lines)
  })

  function expectStockTells(lines: number): void {
    const { store, tables } = loaded
    const stocks = store.snapshot((tx) => tx.getRange(tables.stock).toArray())
    const sum = (of: (stock: (typeof stocks)[number][1]) => number): number =>
      stocks.reduce((total, [, stock]) => total + of(stock), 0)
    expect(sum(({ orderCount }) => orderCount)).toBe(lines)
    const remote = sum(({ remoteCount }) => remoteCount)
    expect(remote).toBeGreaterThan(0)
    expect(remote / lines).toBeLessThan(0.03)
    for (const [, { quantity }] of stocks) expect(quantity).toBeGreaterThanOrEqual(10)
    const quantities = store
      .snapshot((tx) => tx.getRange(tables.orderLine).toArray())
      .filter(([[, , order]]) => order > loaded.population.customersPerDistrict)
      .reduce((total, [, { quantity }]) => total + quantity, 0)
    expect(sum(({ ytd }) => ytd)).toBe(quantities)
  }

  test('payments add a history each, 15 % of them from customers of another warehouse', () => {
    const before = counts()
    const run = payments(terminals)
    for (let payment = 0; payment < 1000; payment += 1) expect(run()).toBe(kinds.payment)
    const { store, tables } = loaded
    const rows = store.snapshot((tx) => tx.getValues(tables.history, { gte: [1], lt: [2] }).toArray())
    expect(counts()['history']! - before['history']!).toBe(1000)
    const remote = rows.filter((row) => row.warehouse !== row.customerWarehouse).length
    expect(remote).toBeGreaterThan(100)
    expect(remote).toBeLessThan(200)
    const bad = store
      .snapshot((tx) => tx.getRange(tables.customer).toArray())
      .find(([, { credit, paymentCount }]) => credit === 'BC' && paymentCount > 1)
    expect(bad?.[1].data).toMatch(new RegExp(`^${bad?.[0][2]} \\d+ \\d \\d+ \\d \\d+\\|`))
    expect(bad?.[1].data.length).toBeLessThanOrEqual(500)
  })

  test('a delivery takes the oldest open order of each district, and says when there was none', () => {
    const { store, tables } = loaded
    const before = counts()
    const oldest = store.snapshot(
      (tx) => tx.getKeys(tables.newOrder, { ...ofDistrict(1, 4), limit: 1 }).toArray()[0]!,
    )
    const deliveries = new Deliveries({ ...terminals, homes: [1] })
    deliveries.request()
    expect(counts()).toEqual(before)
    expect([deliveries.waiting, deliveries.deliver(), deliveries.waiting]).toEqual([1, kinds.delivery, 0])
    expect(before['newOrder']! - counts()['newOrder']!).toBe(10)
    const [order, lines] = store.snapshot((tx) => [
      tx.get(tables.order, oldest),
      tx.getValues(tables.orderLine, { gte: oldest, lt: [1, 4, oldest[2] + 1] }).toArray(),
    ])
    expect(order?.carrier).toBeGreaterThan(0)
    expect(lines.length).toBe(order?.lineCount)
    for (const line of lines) expect(line.deliveryMs).toBeGreaterThan(0)
    for (let left = counts()['newOrder']!; left > 0; left = openOf(1)) {
      deliveries.request()
      deliveries.deliver()
    }
    deliveries.request()
    deliveries.deliver()
    expect(terminals.deliveries.skippedDistricts).toBeGreaterThanOrEqual(10)
  })

  function openOf(warehouse: number): number {
    const { store, tables } = loaded
    return store.snapshot((tx) => tx.count(tables.newOrder, { gte: [warehouse], lt: [warehouse + 1] }))
  }

  test('questions change nothing', () => {
    const before = counts()
    const [status, level] = [orderStatuses(terminals), stockLevels(terminals)]
    for (let question = 0; question < 100; question += 1) {
      expect(status()).toBe(kinds.orderStatus)
      expect(level()).toBe(kinds.stockLevel)
    }
    expect(counts()).toEqual(before)
  })
})

describe('the work of a thread', () => {
  test.each<[string, Mix]>([
    ['the standard mix', standardMix],
    ['deliveries mostly', [10, 10, 0, 80, 0]],
    ['deliveries alone', [0, 0, 0, 100, 0]],
  ])('of %s runs one transaction at each call, and leaves no delivery undone', (_, mix) => {
    // History rows of another thread than the payments' before.
    const work = workOf({ ...terminals, thread: 2 + mix[3] }, mix)
    const ran = new Uint32Array(6)
    for (let run = 0; run < 500; run += 1) ran[work.runTransaction()]! += 1
    const deliveredBefore = terminals.deliveries.deliveredOrders
    work.finish()
    work.finish()
    const share = (ran[kinds.delivery]! / 500) * 100
    expect(Math.abs(share - mix[3])).toBeLessThan(10)
    expect(ran[kinds.newOrder]! + ran[kinds.rolledBack]! > 0).toBe(mix[0] > 0)
    expect(terminals.deliveries.deliveredOrders).toBeGreaterThanOrEqual(deliveredBefore)
  })
})
