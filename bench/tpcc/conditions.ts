import type { Reader } from 'tidemark'
import { amountOf, type Violations } from './violations.js'
import { districtsPerWarehouse, type Population } from './population.js'
import { ofDistrict, type Order, type Tables } from './schema.js'

/**
 * Checks the consistency conditions 1 to 12 of clause 3.3.2, that the indexes agree with their tables, and
 * that no warehouse, district or customer is missing. Reads every row but those of ITEM and STOCK once; takes
 * memory for the customers of all districts and the orders of one.
 */
export class ConditionCheck {
  readonly #tx: Reader
  readonly #tables: Tables
  readonly #population: Population
  readonly #violations: Violations
  /** Of HISTORY: what was paid at each district, and by each customer. */
  readonly #paidAtDistrict: Float64Array
  readonly #paidByCustomer: Float64Array

  constructor(tx: Reader, tables: Tables, population: Population, violations: Violations) {
    this.#tx = tx
    this.#tables = tables
    this.#population = population
    this.#violations = violations
    const districts = population.warehouses * districtsPerWarehouse
    this.#paidAtDistrict = new Float64Array(districts)
    this.#paidByCustomer = new Float64Array(districts * population.customersPerDistrict)
  }

  run(): void {
    this.#addUpHistory()
    for (let warehouse = 1; warehouse <= this.#population.warehouses; warehouse += 1)
      this.#checkWarehouse(warehouse)
  }

  #addUpHistory(): void {
    for (const row of this.#tx.getValues(this.#tables.history)) {
      this.#paidAtDistrict[districtIndex(row.warehouse, row.district)]! += row.amount
      this.#paidByCustomer[this.#customerIndex(row.customerWarehouse, row.customerDistrict, row.customer)]! +=
        row.amount
    }
  }

  /** Conditions 1 and 8, and all those of its districts. */
  #checkWarehouse(warehouse: number): void {
    const row = this.#tx.get(this.#tables.warehouse, warehouse)
    const violations = this.#violations
    if (row === undefined) {
      violations.missing(`warehouse ${warehouse}`)
      return
    }
    let districtYtd = 0
    let paid = 0
    for (let district = 1; district <= districtsPerWarehouse; district += 1) {
      districtYtd += this.#checkDistrict(warehouse, district)
      paid += this.#paidAtDistrict[districtIndex(warehouse, district)]!
    }
    const ytd = `warehouse ${warehouse} has W_YTD ${amountOf(row.ytd)}`
    if (row.ytd !== districtYtd)
      violations.add(1, `${ytd}, but its districts' D_YTD add up to ${amountOf(districtYtd)}`)
    if (row.ytd !== paid) violations.add(8, `${ytd}, but its history's H_AMOUNT adds up to ${amountOf(paid)}`)
  }

  /** All conditions that are about one district. The answer is its D_YTD. */
  #checkDistrict(warehouse: number, district: number): number {
    const violations = this.#violations
    const name = `district ${warehouse}/${district}`
    const row = this.#tx.get(this.#tables.district, [warehouse, district])
    if (row === undefined) {
      violations.missing(name)
      return 0
    }
    const paid = this.#paidAtDistrict[districtIndex(warehouse, district)]!
    if (row.ytd !== paid) {
      violations.add(
        9,
        `${name} has D_YTD ${amountOf(row.ytd)}, but its history's H_AMOUNT adds up to ${amountOf(paid)}`,
      )
    }
    const open = new Set(
      this.#tx.getKeys(this.#tables.newOrder, ofDistrict(warehouse, district)).toArray().map(lastElement),
    )
    const orders = this.#checkOrders(warehouse, district, open)
    this.#checkNextOrder(name, row.nextOrder, orders.highest, open)
    this.#checkCustomers(warehouse, district, orders, orders.count - open.size)
    return row.ytd
  }

  /** Conditions 2 and 3. */
  #checkNextOrder(name: string, nextOrder: number, highest: number, open: ReadonlySet<number>): void {
    if (nextOrder - 1 !== highest)
      this.#violations.add(2, `${name} has D_NEXT_O_ID ${nextOrder}, but its highest O_ID is ${highest}`)
    if (open.size === 0) return
    const ids = [...open]
    const lowestOpen = ids[0]!
    const highestOpen = ids[ids.length - 1]!
    if (nextOrder - 1 !== highestOpen)
      this.#violations.add(
        2,
        `${name} has D_NEXT_O_ID ${nextOrder}, but its highest NO_O_ID is ${highestOpen}`,
      )
    if (highestOpen - lowestOpen + 1 !== open.size) {
      this.#violations.add(
        3,
        `${name} has ${open.size} open orders, but their NO_O_ID go from ${lowestOpen} to ${highestOpen}`,
      )
    }
  }

  /** Conditions 4 to 7, and the index of orders by customer. */
  #checkOrders(warehouse: number, district: number, open: ReadonlySet<number>): DistrictOrders {
    const violations = this.#violations
    const lines = this.#linesOf(warehouse, district)
    const delivered = new Float64Array(this.#population.customersPerDistrict + 1)
    const index = new EntryDigest()
    let lineCounts = 0
    let count = 0
    let highest = 0
    for (const [[, , id], order] of this.#tx.getRange(this.#tables.order, ofDistrict(warehouse, district))) {
      const name = `order ${warehouse}/${district}/${id}`
      const found = lines.get(id) ?? noLines
      this.#checkOrder(name, order, found, open.has(id))
      lineCounts += order.lineCount
      delivered[order.customer]! += found.deliveredAmount
      index.add(order.customer, id)
      highest = id
      count += 1
    }
    const lineCount = [...lines.values()].reduce((sum, ofOrder) => sum + ofOrder.count, 0)
    const name = `district ${warehouse}/${district}`
    if (lineCounts !== lineCount)
      violations.add(4, `${name} has ${lineCount} order lines, but its O_OL_CNT add up to ${lineCounts}`)
    const indexed = new EntryDigest()
    const entries = this.#tx.getKeys(this.#tables.orderByCustomer, ofDistrict(warehouse, district))
    for (const [, , customer, id] of entries) indexed.add(customer, id)
    if (!indexed.equals(index)) violations.index(`order_by_customer disagrees with the orders of ${name}`)
    return { delivered, count, highest }
  }

  #checkOrder(name: string, order: Order, lines: OrderLines, isOpen: boolean): void {
    const violations = this.#violations
    const isDelivered = order.carrier !== undefined
    const carrier = isDelivered ? `has O_CARRIER_ID ${order.carrier}` : 'has no O_CARRIER_ID'
    if (isDelivered === isOpen)
      violations.add(5, `${name} ${carrier}, but ${isOpen ? 'has a' : 'no'} row in NEW-ORDER`)
    if (order.lineCount !== lines.count)
      violations.add(6, `${name} has O_OL_CNT ${order.lineCount}, but ${lines.count} order lines`)
    if (lines.deliveredCount !== (isDelivered ? lines.count : 0)) {
      violations.add(
        7,
        `${name} ${carrier}, but ${lines.deliveredCount} of its ${lines.count} order lines have an OL_DELIVERY_D`,
      )
    }
  }

  #linesOf(warehouse: number, district: number): Map<number, OrderLines> {
    const lines = new Map<number, OrderLines>()
    const range = ofDistrict(warehouse, district)
    for (const [[, , order], line] of this.#tx.getRange(this.#tables.orderLine, range)) {
      let ofOrder = lines.get(order)
      if (ofOrder === undefined) lines.set(order, (ofOrder = { ...noLines }))
      ofOrder.count += 1
      if (line.deliveryMs === undefined) continue
      ofOrder.deliveredCount += 1
      ofOrder.deliveredAmount += line.amount
    }
    return lines
  }

  /** Conditions 10 to 12, and the index of customers by name. */
  #checkCustomers(
    warehouse: number,
    district: number,
    { delivered }: DistrictOrders,
    deliveredOrders: number,
  ): void {
    const violations = this.#violations
    const { customersPerDistrict, deliveredPerDistrict } = this.#population
    let deliveryCount = 0
    let count = 0
    for (const [[, , id], row] of this.#tx.getRange(this.#tables.customer, ofDistrict(warehouse, district))) {
      const name = `customer ${warehouse}/${district}/${id}`
      const lines = `the delivered OL_AMOUNT of its orders adds up to ${amountOf(delivered[id]!)}`
      const paid = this.#paidByCustomer[this.#customerIndex(warehouse, district, id)]!
      if (row.balance !== delivered[id]! - paid) {
        const rest = `${lines} and its H_AMOUNT to ${amountOf(paid)}`
        violations.add(10, `${name} has C_BALANCE ${amountOf(row.balance)}, but ${rest}`)
      }
      if (row.balance + row.ytdPayment !== delivered[id]) {
        const sum = amountOf(row.balance + row.ytdPayment)
        violations.add(12, `${name} has C_BALANCE + C_YTD_PAYMENT ${sum}, but ${lines}`)
      }
      const entry = this.#tx.get(this.#tables.customerByName, [warehouse, district, row.last, row.first, id])
      if (entry?.id !== id) violations.index(`customer_by_name lacks ${name}`)
      deliveryCount += row.deliveryCount
      count += 1
    }
    const name = `district ${warehouse}/${district}`
    if (count !== customersPerDistrict)
      violations.missing(`${customersPerDistrict - count} customers of ${name}`)
    if (deliveredOrders !== deliveredPerDistrict + deliveryCount) {
      const expected = `${deliveredPerDistrict} at first and C_DELIVERY_CNT add up to ${deliveredPerDistrict + deliveryCount}`
      violations.add(
        11,
        `${name} has ${deliveredOrders} rows more in ORDER than in NEW-ORDER, but ${expected}`,
      )
    }
    const named = this.#tx.count(this.#tables.customerByName, ofDistrict(warehouse, district))
    if (named !== count)
      violations.index(`customer_by_name has ${named} entries for ${count} customers of ${name}`)
  }

  #customerIndex(warehouse: number, district: number, customer: number): number {
    return districtIndex(warehouse, district) * this.#population.customersPerDistrict + customer - 1
  }
}

interface DistrictOrders {
  /** The amounts of delivered order lines, by customer. */
  readonly delivered: Float64Array
  readonly count: number
  readonly highest: number
}

interface OrderLines {
  count: number
  deliveredCount: number
  deliveredAmount: number
}

const noLines: OrderLines = { count: 0, deliveredCount: 0, deliveredAmount: 0 }

/** Sums over pairs of numbers that are equal for equal sets of pairs, and hardly for others. */
class EntryDigest {
  #count = 0
  #sum = 0

  add(first: number, second: number): void {
    this.#count += 1
    this.#sum = (this.#sum + Math.imul(first ^ Math.imul(second, 0x9e37_79b1), 0x85eb_ca6b)) | 0
  }

  equals(other: EntryDigest): boolean {
    return this.#count === other.#count && this.#sum === other.#sum
  }
}

function districtIndex(warehouse: number, district: number): number {
  return (warehouse - 1) * districtsPerWarehouse + district - 1
}

function lastElement([, , id]: readonly [number, number, number]): number {
  return id
}
