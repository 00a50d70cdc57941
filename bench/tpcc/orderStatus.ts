import { kinds } from './kinds.js'
import { ofOrder } from './schema.js'
import { CustomerChoice, districtOf, homeOf, present, type Reading, type Terminals } from './terminal.js'

/** Order-Status (clause 2.6): a customer's latest order and its lines. */
export function orderStatuses(terminals: Terminals): () => number {
  const { store, tables, digest } = terminals
  const choice = new CustomerChoice()
  const customers = tables.customer.pick('balance', 'first', 'middle', 'last')
  const heads = tables.order.pick('entryMs', 'carrier')
  const details = tables.orderLine.pick('item', 'supplyWarehouse', 'quantity', 'amount', 'deliveryMs')
  const body = (tx: Reading): void => {
    digest.begin()
    const key = choice.find(tx, tables)
    const [warehouse, district, customer] = key
    const { balance, first, middle, last } = present(tx.get(customers, key), 'customer', key)
    const orders = { gte: key, lt: [warehouse, district, customer + 1], reverse: true, limit: 1 } as const
    const [latest] = tx.getValues(tables.orderByCustomer, orders).toArray()
    const { id } = present(latest, 'order_by_customer', key)
    const orderKey = [warehouse, district, id] as const
    const { entryMs, carrier = 0 } = present(tx.get(heads, orderKey), 'order', orderKey)
    digest.add(balance ^ (first.length + middle.length + last.length) ^ entryMs ^ carrier)
    for (const line of tx.getValues(details, ofOrder(orderKey))) {
      const { item, supplyWarehouse, quantity, amount, deliveryMs = 0 } = line
      digest.add(item ^ (supplyWarehouse << 24) ^ (quantity << 20) ^ amount ^ deliveryMs)
    }
  }
  return () => {
    choice.choose(terminals, homeOf(terminals), districtOf(terminals))
    store.snapshot(body)
    digest.keep()
    return kinds.orderStatus
  }
}
