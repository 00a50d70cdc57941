import { kinds } from './kinds.js'
import type { DistrictKey, StockKey } from './schema.js'
import { districtOf, homeOf, present, type Reading, type Terminals } from './terminal.js'

const ordersLookedAt = 20

/** Stock-Level (clause 2.8): of the items in a district's last 20 orders, how many are low in stock. */
export function stockLevels(terminals: Terminals): () => number {
  const { store, tables, random, digest } = terminals
  const nextOrders = tables.district.pick('nextOrder')
  const lineItems = tables.orderLine.pick('item')
  const quantities = tables.stock.pick('quantity')
  let district: DistrictKey = [0, 0]
  let threshold = 0
  const body = (tx: Reading): void => {
    digest.begin()
    const [warehouse, districtId] = district
    const { nextOrder } = present(tx.get(nextOrders, district), 'district', district)
    const lines = tx.getValues(lineItems, {
      gte: [warehouse, districtId, nextOrder - ordersLookedAt],
      lt: [warehouse, districtId, nextOrder],
    })
    const items = new Set<number>()
    for (const { item } of lines.toArray()) items.add(item)
    const keys = Array.from(items, (item): StockKey => [warehouse, item])
    let low = 0
    for (const [index, stock] of tx.getMany(quantities, keys).entries())
      if (present(stock, 'stock', keys[index]).quantity < threshold) low += 1
    digest.add(low ^ (items.size << 16))
  }
  return () => {
    district = [homeOf(terminals), districtOf(terminals)]
    threshold = random.within(10, 20)
    store.snapshot(body)
    digest.keep()
    return kinds.stockLevel
  }
}
