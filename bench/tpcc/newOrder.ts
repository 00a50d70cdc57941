import { AbortedError } from 'tidemark'
import { WrongResultError } from '../driver/errors.js'
import { kinds } from './kinds.js'
import { originalMark } from './load.js'
import { type CustomerKey, districtColumns, type DistrictKey, type Item, type StockKey } from './schema.js'
import {
  customerRow,
  districtOf,
  homeOf,
  otherWarehouse,
  present,
  type Terminals,
  type Writing,
} from './terminal.js'

const linesMin = 5
const linesMax = 15
const remoteLineShare = 1
const rolledBackShare = 1
/** Stock is refilled by so much when less than the reserve would be left. */
const refill = 91
const reserve = 10

/** What the terminal enters (clause 2.4.1): chosen before the transaction, so a retry does the same again. */
class NewOrderInput {
  district: DistrictKey = [0, 0]
  customer: CustomerKey = [0, 0, 0]
  isRolledBack = false
  isAllLocal = true
  entryMs = 0
  readonly items: number[] = []
  readonly stocks: StockKey[] = []
  readonly quantities: number[] = []

  fill(terminals: Terminals): void {
    const { random, population } = terminals
    const warehouse = homeOf(terminals)
    const district = districtOf(terminals)
    const lineCount = random.within(linesMin, linesMax)
    this.district = [warehouse, district]
    this.customer = [warehouse, district, random.customer()]
    this.isRolledBack = random.percent(rolledBackShare)
    this.isAllLocal = true
    this.items.length = this.stocks.length = this.quantities.length = lineCount
    for (let line = 0; line < lineCount; line += 1) {
      const isUnused = this.isRolledBack && line === lineCount - 1
      const item = isUnused ? population.items + 1 : random.item()
      const supply = random.percent(remoteLineShare) ? otherWarehouse(terminals, warehouse) : warehouse
      if (supply !== warehouse) this.isAllLocal = false
      this.items[line] = item
      this.stocks[line] = [supply, item]
      this.quantities[line] = random.within(1, 10)
    }
    this.entryMs = Date.now()
  }
}

/**
 * New-Order (clause 2.4): enters an order of five to fifteen lines. One in a hundred has an unused item as
 * its last, and is rolled back when all its other lines are done.
 */
export function newOrders(terminals: Terminals): () => number {
  const { store, tables, digest } = terminals
  const input = new NewOrderInput()
  const body = (tx: Writing): void => {
    digest.begin()
    const [warehouse, district] = input.district
    const { tax: warehouseTax } = present(tx.get(tables.warehouse, warehouse), 'warehouse', warehouse)
    const districtRow = present(tx.get(tables.district, input.district), 'district', input.district)
    const order = districtRow.nextOrder
    districtRow.nextOrder = order + 1
    tx.put(tables.district, input.district, districtRow)
    const customer = customerRow(tx, tables, input.customer)
    const { customer: customerId, lineCount } = { customer: input.customer[2], lineCount: input.items.length }
    const { entryMs, isAllLocal } = input
    const key = [warehouse, district, order] as const
    tx.insert(tables.order, key, { customer: customerId, entryMs, carrier: undefined, lineCount, isAllLocal })
    tx.insert(tables.newOrder, key, { id: order })
    tx.insert(tables.orderByCustomer, [warehouse, district, customerId, order], { id: order })
    const sum = enterLines(terminals, tx, input, order)
    if (sum === undefined) tx.abort('an item number is not valid')
    const total = sum * (1 - customer.discount / 1e4) * (1 + (warehouseTax + districtRow.tax) / 1e4)
    digest.add(Math.round(total) ^ customer.last.length ^ customer.credit.length)
  }
  return () => {
    input.fill(terminals)
    try {
      store.transactionSync(body)
    } catch (error) {
      if (!(error instanceof AbortedError && input.isRolledBack)) throw error
      return kinds.rolledBack
    }
    if (input.isRolledBack) throw new WrongResultError('an order of an unused item was not rolled back')
    digest.keep()
    return kinds.newOrder
  }
}

/** Takes the items of each line from stock, and enters it. The sum; undefined if an item is unused. */
function enterLines(
  { tables, digest }: Terminals,
  tx: Writing,
  input: NewOrderInput,
  order: number,
): number | undefined {
  const [warehouse, district] = input.district
  const column = districtColumns[district - 1]!
  const items = tx.getMany(tables.item, input.items)
  const stocks = tx.getMany(tables.stock, input.stocks)
  let sum = 0
  for (let line = 0; line < items.length; line += 1) {
    const item = items[line]
    if (item === undefined) return undefined
    const key = input.stocks[line]!
    const earlier = sameStock(input.stocks, line)
    if (earlier >= 0) stocks[line] = stocks[earlier]
    const stock = present(stocks[line], 'stock', key)
    const quantity = input.quantities[line]!
    stock.quantity += stock.quantity >= quantity + reserve ? -quantity : refill - quantity
    stock.ytd += quantity
    stock.orderCount += 1
    if (key[0] !== warehouse) stock.remoteCount += 1
    tx.put(tables.stock, key, stock)
    const amount = quantity * item.price
    sum += amount
    tx.insert(tables.orderLine, [warehouse, district, order, line + 1], {
      item: key[1],
      supplyWarehouse: key[0],
      quantity,
      amount,
      deliveryMs: undefined,
      districtInfo: stock[column],
    })
    digest.add(amount ^ (brandOf(item, stock.data) << 16) ^ (stock.quantity << 20) ^ item.name.length)
  }
  return sum
}

/** An order may name an item twice: the second line goes on with what the first has left. */
function sameStock(stocks: readonly StockKey[], line: number): number {
  const [warehouse, item] = stocks[line]!
  for (let earlier = line - 1; earlier >= 0; earlier -= 1)
    if (stocks[earlier]![1] === item && stocks[earlier]![0] === warehouse) return earlier
  return -1
}

/** B for brand, if item and stock are original, otherwise G for generic. */
function brandOf(item: Item, stockData: string): number {
  return (item.data.includes(originalMark) && stockData.includes(originalMark) ? 'B' : 'G').charCodeAt(0)
}
