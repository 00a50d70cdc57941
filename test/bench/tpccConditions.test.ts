import { AbortedError, attach, type Transaction } from 'tidemark'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ConditionCheck } from '../../bench/tpcc/conditions.js'
import { standardMix } from '../../bench/tpcc/kinds.js'
import { readOptions } from '../../bench/tpcc/options.js'
import { ofDistrict, ofOrder, openTables, type Tables } from '../../bench/tpcc/schema.js'
import { verify } from '../../bench/tpcc/verify.js'
import { type Condition, Violations } from '../../bench/tpcc/violations.js'
import { workOf } from '../../bench/tpcc/work.js'
import { type LoadedStore, loadedStore, terminalsOf } from './tpccKit.js'

let loaded: LoadedStore
beforeAll(async () => {
  loaded = await loadedStore('tpcc conditions')
  const work = workOf(terminalsOf(loaded, [1, 2]), standardMix)
  for (let run = 0; run < 1500; run += 1) work.runTransaction()
  work.finish()
})
afterAll(async () => {
  await loaded.store.close()
})

type Plant = (tx: Transaction, tables: Tables) => void

/** What is found once something is planted, in a transaction that is undone afterwards. */
function foundWith(plant: Plant): Violations {
  const { store, tables, population } = loaded
  const violations = new Violations()
  const body = (tx: Transaction): void => {
    plant(tx, tables)
    new ConditionCheck(tx, tables, population, violations).run()
    tx.abort()
  }
  expect(() => store.transactionSync(body)).toThrow(AbortedError)
  return violations
}

/** A row that must be there. */
function row<V>(found: V | undefined): V {
  expect(found).toBeDefined()
  return found!
}

const place = [2, 3] as const

function oldestOpen(tx: Transaction, { newOrder }: Tables): readonly [number, number, number] {
  return row(tx.getKeys(newOrder, { ...ofDistrict(...place), limit: 1 }).toArray()[0])
}

/** The first order of a district: it is delivered. */
const delivered = [...place, 1] as const

const plants: readonly (readonly [string, readonly Condition[], Plant])[] = [
  [
    'a warehouse that was paid more than its districts',
    [1, 8],
    (tx, { warehouse }) => {
      const found = row(tx.get(warehouse, 2))
      tx.put(warehouse, 2, { ...found, ytd: found.ytd + 1 })
    },
  ],
  [
    'a district that was paid more than its history tells',
    [9, 1],
    (tx, { district }) => {
      const found = row(tx.get(district, place))
      tx.put(district, place, { ...found, ytd: found.ytd + 1 })
    },
  ],
  [
    'an order number that is skipped',
    [2],
    (tx, { district }) => {
      const found = row(tx.get(district, place))
      tx.put(district, place, { ...found, nextOrder: found.nextOrder + 1 })
    },
  ],
  [
    'open orders with a hole',
    [5, 3, 11],
    (tx, { newOrder }) => {
      const open = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10].map((district) =>
        tx.getKeys(newOrder, ofDistrict(1, district)).toArray(),
      )
      const [, second] = row(open.find((keys) => keys.length > 2))
      expect(tx.delete(newOrder, row(second))).toBe(true)
    },
  ],
  [
    'the newest open order lost',
    [5, 2, 11],
    (tx, { newOrder }) => {
      const [newest] = tx.getKeys(newOrder, { ...ofDistrict(...place), reverse: true, limit: 1 })
      expect(tx.delete(newOrder, row(newest))).toBe(true)
    },
  ],
  [
    'an order line too many',
    [6, 4],
    (tx, { orderLine }) => {
      const order = oldestOpen(tx, loaded.tables)
      tx.insert(orderLine, [...order, 99], row(tx.get(orderLine, [...order, 1])))
    },
  ],
  [
    'an order line of no order',
    [4],
    (tx, { orderLine }) => {
      tx.insert(orderLine, [...place, 1_000_000, 1], row(tx.get(orderLine, [...delivered, 1])))
    },
  ],
  [
    'an open order with a carrier',
    [5, 7],
    (tx, { order }) => {
      const key = oldestOpen(tx, loaded.tables)
      tx.put(order, key, { ...row(tx.get(order, key)), carrier: 7 })
    },
  ],
  [
    'a delivered order without a carrier',
    [5, 7],
    (tx, { order }) => {
      tx.put(order, delivered, { ...row(tx.get(order, delivered)), carrier: undefined })
    },
  ],
  [
    'an order that counts its lines wrong',
    [6, 4],
    (tx, { order }) => {
      const found = row(tx.get(order, delivered))
      tx.put(order, delivered, { ...found, lineCount: found.lineCount + 1 })
    },
  ],
  [
    'a line of a delivered order that is not delivered',
    [7],
    (tx, { orderLine }) => {
      const key = [...delivered, 1] as const
      const found = row(tx.get(orderLine, key))
      // The orders of the population cost nothing: no balance changes.
      expect(found.amount).toBe(0)
      tx.put(orderLine, key, { ...found, deliveryMs: undefined })
    },
  ],
  [
    'a payment without its history',
    [9, 10, 8],
    (tx, { history }) => {
      expect(tx.delete(history, [1, 1])).toBe(true)
    },
  ],
  [
    'a history of another customer',
    [10],
    (tx, { history }) => {
      const found = row(tx.get(history, [1, 1]))
      tx.put(history, [1, 1], {
        ...found,
        customer: 1 + (found.customer % loaded.population.customersPerDistrict),
      })
    },
  ],
  [
    'a customer with too large a balance',
    [10, 12],
    (tx, { customer }) => {
      const found = row(tx.get(customer, delivered))
      tx.put(customer, delivered, { ...found, balance: found.balance + 1 })
    },
  ],
  [
    'a customer with a payment forgotten',
    [12],
    (tx, { customer }) => {
      const found = row(tx.get(customer, delivered))
      tx.put(customer, delivered, { ...found, ytdPayment: found.ytdPayment - 1 })
    },
  ],
  [
    'a delivery that no customer had',
    [11],
    (tx, { customer }) => {
      const found = row(tx.get(customer, delivered))
      tx.put(customer, delivered, { ...found, deliveryCount: found.deliveryCount + 1 })
    },
  ],
  [
    'a delivered order lost with its lines',
    [11],
    (tx, { order, orderLine, orderByCustomer }) => {
      const { customer } = row(tx.get(order, delivered))
      for (const key of tx.getKeys(orderLine, ofOrder(delivered)).toArray()) tx.delete(orderLine, key)
      expect(tx.delete(order, delivered)).toBe(true)
      expect(tx.delete(orderByCustomer, [...place, customer, 1])).toBe(true)
    },
  ],
  [
    'a customer whom no name finds',
    ['indexes'],
    (tx, { customer, customerByName }) => {
      const { last, first } = row(tx.get(customer, delivered))
      expect(tx.delete(customerByName, [...place, last, first, 1])).toBe(true)
    },
  ],
  [
    'an order that its customer does not find',
    ['indexes'],
    (tx, { order, orderByCustomer }) => {
      const { customer } = row(tx.get(order, delivered))
      expect(tx.delete(orderByCustomer, [...place, customer, 1])).toBe(true)
    },
  ],
  [
    'a customer lost',
    ['rows', 'indexes'],
    (tx, { customer }) => {
      const [unchanged] = [...tx.getRange(customer, ofDistrict(...place))].find(
        ([, found]) => found.deliveryCount === 0,
      )!
      expect(tx.delete(customer, unchanged)).toBe(true)
    },
  ],
  [
    'a district lost',
    ['rows', 1],
    (tx, { district }) => {
      expect(tx.delete(district, place)).toBe(true)
    },
  ],
  [
    'a warehouse lost',
    ['rows'],
    (tx, { warehouse }) => {
      expect(tx.delete(warehouse, 2)).toBe(true)
    },
  ],
]

describe('the consistency conditions', () => {
  test('hold after all kinds of transactions', () => {
    const { store, tables, population } = loaded
    expect(() => verify(store, tables, population)).not.toThrow()
  })

  test.each(plants)('find %s: %j', (_, conditions, plant) => {
    const { conditions: found, messages } = foundWith(plant)
    expect(found).toEqual(conditions)
    expect(messages.length).toBe(conditions.length)
  })

  test('are each violated by some of these', () => {
    const all = new Set(plants.flatMap(([, conditions]) => conditions))
    expect(
      Array.from({ length: 12 }, (_, index) => index + 1).filter((n) => !all.has(n as Condition)),
    ).toEqual([])
  })

  test('that are violated are told once each, with the first place and the number of places', () => {
    const { messages } = foundWith((tx, { district }) => {
      for (const number of [1, 2]) {
        const found = row(tx.get(district, [2, number]))
        tx.put(district, [2, number], { ...found, nextOrder: 7 })
      }
    })
    expect(messages).toHaveLength(1)
    expect(messages[0]).toMatch(
      /^condition 2 \(clause 3\.3\.2\.2\): district 2\/1 has D_NEXT_O_ID 7, but its highest O_ID is \d+; violated in 4 places/,
    )
  })
})

test('a run fails when a condition is violated', async () => {
  const url = new URL('../../dist/bench/tpcc/run.js', import.meta.url).href
  const { runOnce } = (await import(url)) as typeof import('../../bench/tpcc/run.js')
  const [settings] = readOptions(['--scale', '0.004', '--seconds', '0.1', '--warmup', '0']).runs
  const observer = {
    loading() {},
    async warmingUp() {
      const store = await attach('tpcc')
      const { warehouse } = openTables(store)
      this.plant = () =>
        store.transactionSync((tx) => tx.put(warehouse, 1, { ...row(tx.get(warehouse, 1)), tax: 1, ytd: 0 }))
    },
    plant: () => {},
    timing() {},
    verifying() {
      this.plant()
    },
  }
  await expect(runOnce(row(settings), observer, new AbortController().signal)).rejects.toMatchObject({
    name: 'WrongResultError',
    message: expect.stringMatching(/not consistent\n {2}condition 1 .*W_YTD 0\.00.*\n {2}condition 8 /),
  })
})
