import { kinds } from './kinds.js'
import { districtsPerWarehouse } from './population.js'
import { ofOrder, type Tables } from './schema.js'
import { homeOf, present, type Terminals, type Writing } from './terminal.js'

interface Request {
  readonly warehouse: number
  readonly carrier: number
  readonly queuedMs: number
}

/** What a Delivery reads and changes of each row. */
function columnsOf({ order, orderLine, customer }: Tables) {
  return {
    order: order.pick('customer'),
    carrier: order.pick('carrier'),
    amount: orderLine.pick('amount'),
    deliveryMs: orderLine.pick('deliveryMs'),
    customer: customer.pick('balance', 'deliveryCount'),
  }
}

/**
 * Delivery (clause 2.7), deferred: `request` enters it and returns at once; `deliver` does what was asked for
 * first, some time later.
 */
export class Deliveries {
  readonly #terminals: Terminals
  readonly #columns: ReturnType<typeof columnsOf>
  readonly #queue: Request[] = []
  readonly #body: (tx: Writing) => void
  #deliveryMs = 0
  #delivered = 0

  constructor(terminals: Terminals) {
    this.#terminals = terminals
    this.#columns = columnsOf(terminals.tables)
    this.#body = (tx) => this.#deliverAll(tx, this.#queue[0]!)
  }

  get waiting(): number {
    return this.#queue.length
  }

  request(): void {
    const { random } = this.#terminals
    const warehouse = homeOf(this.#terminals)
    this.#queue.push({ warehouse, carrier: random.within(1, 10), queuedMs: performance.now() })
  }

  deliver(): number {
    const { store, digest, deliveries } = this.#terminals
    this.#deliveryMs = Date.now()
    store.transactionSync(this.#body)
    digest.keep()
    const { queuedMs } = this.#queue.shift()!
    deliveries.add(this.#delivered, districtsPerWarehouse - this.#delivered, performance.now() - queuedMs)
    return kinds.delivery
  }

  #deliverAll(tx: Writing, request: Request): void {
    this.#terminals.digest.begin()
    this.#delivered = 0
    for (let district = 1; district <= districtsPerWarehouse; district += 1)
      if (this.#deliverOldest(tx, request, district)) this.#delivered += 1
  }

  /** Delivers a district's oldest open order. False if it has none. */
  #deliverOldest(tx: Writing, { warehouse, carrier }: Request, district: number): boolean {
    const { tables, digest } = this.#terminals
    const columns = this.#columns
    const oldest = { gte: [warehouse, district], lt: [warehouse, district + 1], limit: 1 } as const
    const [entry] = tx.getValues(tables.newOrder, oldest).toArray()
    if (entry === undefined) return false
    const key = [warehouse, district, entry.id] as const
    tx.delete(tables.newOrder, key)
    const order = present(tx.get(columns.order, key), 'order', key)
    tx.patch(columns.carrier, key, { carrier })
    const delivered = { deliveryMs: this.#deliveryMs }
    let sum = 0
    const lines = tx.getValues(columns.amount, ofOrder(key)).toArray()
    for (let index = 0; index < lines.length; index += 1) {
      sum += lines[index]!.amount
      tx.patch(columns.deliveryMs, [warehouse, district, entry.id, index + 1], delivered)
    }
    const customerKey = [warehouse, district, order.customer] as const
    const { balance, deliveryCount } = present(tx.get(columns.customer, customerKey), 'customer', customerKey)
    tx.patch(columns.customer, customerKey, { balance: balance + sum, deliveryCount: deliveryCount + 1 })
    digest.add(entry.id ^ sum)
    return true
  }
}
