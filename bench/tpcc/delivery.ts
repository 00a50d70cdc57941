import { kinds } from './kinds.js'
import { districtsPerWarehouse } from './population.js'
import { ofDistrict, ofOrder } from './schema.js'
import { customerRow, homeOf, present, type Terminals, type Writing } from './terminal.js'

interface Request {
  readonly warehouse: number
  readonly carrier: number
  readonly queuedMs: number
}

/**
 * Delivery (clause 2.7), deferred: `request` enters it and returns at once; `deliver` does what was asked for
 * first, some time later.
 */
export class Deliveries {
  readonly #terminals: Terminals
  readonly #queue: Request[] = []
  readonly #body: (tx: Writing) => void
  #deliveryMs = 0
  #delivered = 0

  constructor(terminals: Terminals) {
    this.#terminals = terminals
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
    const oldest = { ...ofDistrict(warehouse, district), limit: 1 }
    const [entry] = tx.getValues(tables.newOrder, oldest).toArray()
    if (entry === undefined) return false
    const key = [warehouse, district, entry.id] as const
    tx.delete(tables.newOrder, key)
    const order = present(tx.get(tables.order, key), 'order', key)
    order.carrier = carrier
    tx.put(tables.order, key, order)
    let sum = 0
    for (const [index, line] of tx.getValues(tables.orderLine, ofOrder(key)).toArray().entries()) {
      sum += line.amount
      line.deliveryMs = this.#deliveryMs
      tx.put(tables.orderLine, [warehouse, district, entry.id, index + 1], line)
    }
    const customerKey = [warehouse, district, order.customer] as const
    const customer = customerRow(tx, tables, customerKey)
    customer.balance += sum
    customer.deliveryCount += 1
    tx.put(tables.customer, customerKey, customer)
    digest.add(entry.id ^ sum)
    return true
  }
}
