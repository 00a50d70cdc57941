import { AbortedError } from 'tidemark'
import { WrongResultError } from '../driver/errors.js'
import { kinds } from './kinds.js'
import { originalMark } from './load.js'
import { type CustomerKey, districtColumns, type DistrictKey, type StockKey, type Tables } from './schema.js'
import { districtOf, homeOf, otherWarehouse, present, type Terminals, type Writing } from './terminal.js'

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

/** What a New-Order reads and changes of each row. */
type Columns = ReturnType<typeof columnsOf>

function columnsOf({ warehouse, district, customer, item, stock }: Tables) {
  return {
    warehouse: warehouse.pick('tax'),
    district: district.pick('tax', 'nextOrder'),
    nextOrder: district.pick('nextOrder'),
    customer: customer.pick('discount', 'last', 'credit'),
    item: item.pick('price', 'name', 'data'),
    /** Beside the stock itself, what goes to the lines of each district's orders. */
    stocks: districtColumns.map((info) =>
      stock.pick('quantity', 'orderCount', 'remoteCount', 'ytd', 'data', info),
    ),
    counts: stock.pick('quantity', 'orderCount', 'remoteCount', 'ytd'),
  }
}

/**
 * New-Order (clause 2.4): enters an order of five to fifteen lines. One in a hundred has an unused item as
 * its last, and is rolled back when all its other lines are done.
 */
export function newOrders(terminals: Terminals): () => number {
  const { store, tables, digest } = terminals
  const input = new NewOrderInput()
  const columns = columnsOf(tables)
  const body = (tx: Writing): void => {
    digest.begin()
    const [warehouse, district] = input.district
    const { tax: warehouseTax } = present(tx.get(columns.warehouse, warehouse), 'warehouse', warehouse)
    const districtRow = present(tx.get(columns.district, input.district), 'district', input.district)
    const order = districtRow.nextOrder
    tx.patch(columns.nextOrder, input.district, { nextOrder: order + 1 })
    const customer = present(tx.get(columns.customer, input.customer), 'customer', input.customer)
    const customerId = input.customer[2]
    const lineCount = input.items.length
    const { entryMs, isAllLocal } = input
    const key = [warehouse, district, order] as const
    tx.insert(tables.order, key, { customer: customerId, entryMs, carrier: undefined, lineCount, isAllLocal })
    tx.insert(tables.newOrder, key, { id: order })
    tx.insert(tables.orderByCustomer, [warehouse, district, customerId, order], { id: order })
    const sum = enterLines({ terminals, columns, input }, tx, order)
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

interface Entering {
  readonly terminals: Terminals
  readonly columns: Columns
  readonly input: NewOrderInput
}

/** Takes the items of each line from stock, and enters it. The sum; undefined if an item is unused. */
function enterLines({ terminals, columns, input }: Entering, tx: Writing, order: number): number | undefined {
  const { tables, digest } = terminals
  const [warehouse, district] = input.district
  const column = districtColumns[district - 1]!
  const items = tx.getMany(columns.item, input.items)
  const stocks = tx.getMany(columns.stocks[district - 1]!, input.stocks)
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
    tx.patch(columns.counts, key, stock)
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
    digest.add(amount ^ (brandOf(item.data, stock.data) << 16) ^ (stock.quantity << 20) ^ item.name.length)
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
function brandOf(itemData: string, stockData: string): number {
  return (itemData.includes(originalMark) && stockData.includes(originalMark) ? 'B' : 'G').charCodeAt(0)
}
