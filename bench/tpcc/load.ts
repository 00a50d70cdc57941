import { setImmediate } from 'node:timers/promises'
import type { Store, Transaction } from 'tidemark'
import { type InputRandom, lastNameOf } from './inputRandom.js'
import { districtsPerWarehouse, type Population } from './population.js'
import type { Customer, Stock, Tables } from './schema.js'

/** Puts one row, and those that go with it. */
type PutRow = (tx: Transaction) => void

const rowsPerTransaction = 10
const rowsPerTurn = 5000

/** The share of items and stock whose data says that they are original, in percent. */
const originalShare = 10
const badCreditShare = 10
/** What every customer has paid at first, in cents. */
const firstPayment = 10_00

/** How many rows are loaded, not counting history, order lines and entries of indexes. */
export function rowsOf({ items, warehouses, customersPerDistrict }: Population): number {
  return items + warehouses * (1 + items + districtsPerWarehouse * (1 + 2 * customersPerDistrict))
}

/** What the rows are made from. */
export interface LoadContext {
  readonly store: Store
  readonly tables: Tables
  readonly population: Population
  readonly random: InputRandom
}

/**
 * Fills an empty store with the population of clause 4.3.3; tells how many rows there are so far, and stops
 * early when asked.
 */
export async function load(
  context: LoadContext,
  onProgress: (loaded: number) => void,
  signal: AbortSignal,
): Promise<void> {
  let loaded = 0
  let batch: PutRow[] = []
  for (const put of rowsToPut(context)) {
    batch.push(put)
    loaded += 1
    if (batch.length < rowsPerTransaction) continue
    commit(context.store, batch)
    batch = []
    if (loaded % rowsPerTurn !== 0) continue
    onProgress(loaded)
    // Lets a signal in.
    await setImmediate()
    if (signal.aborted) return
  }
  commit(context.store, batch)
}

/** The values are drawn inside the transaction: nobody else is there yet to make it run again. */
function commit(store: Store, batch: readonly PutRow[]): void {
  store.transactionSync((tx) => {
    for (const put of batch) put(tx)
  })
}

function* rowsToPut(context: LoadContext): Generator<PutRow> {
  const { tables, random, population } = context
  for (let item = 1; item <= population.items; item += 1)
    yield (tx) => tx.put(tables.item, item, itemRow(random))
  for (let warehouse = 1; warehouse <= population.warehouses; warehouse += 1)
    yield* warehouseRows(context, warehouse)
}

function* warehouseRows(context: LoadContext, warehouse: number): Generator<PutRow> {
  const { tables, random, population } = context
  const districtYtd = population.customersPerDistrict * firstPayment
  const ytd = districtsPerWarehouse * districtYtd
  yield (tx) => tx.put(tables.warehouse, warehouse, { ytd, ...placeRow(random) })
  for (let item = 1; item <= population.items; item += 1)
    yield (tx) => tx.put(tables.stock, [warehouse, item], stockRow(random))
  for (let district = 1; district <= districtsPerWarehouse; district += 1) {
    const nextOrder = population.customersPerDistrict + 1
    const { tax, ...place } = placeRow(random)
    yield (tx) =>
      tx.put(tables.district, [warehouse, district], { ytd: districtYtd, tax, nextOrder, ...place })
    for (let customer = 1; customer <= population.customersPerDistrict; customer += 1)
      yield (tx) => putCustomer(context, tx, [warehouse, district, customer])
    for (const [index, customer] of permutation(random, population.customersPerDistrict).entries())
      yield (tx) => putOrder(context, tx, [warehouse, district, index + 1], customer)
  }
}

function putCustomer(
  { tables, random, population }: LoadContext,
  tx: Transaction,
  key: readonly [warehouse: number, district: number, customer: number],
): void {
  const [warehouse, district, customer] = key
  const isFirstOfName = customer <= population.lastNames
  const row = customerRow(random, isFirstOfName ? lastNameOf(customer - 1) : random.lastNameToLoad())
  tx.put(tables.customer, key, row)
  tx.put(tables.customerByName, [warehouse, district, row.last, row.first, customer], { id: customer })
  const number = ((warehouse - 1) * districtsPerWarehouse + district - 1) * population.customersPerDistrict
  tx.put(tables.history, [0, number + customer], {
    customer,
    customerDistrict: district,
    customerWarehouse: warehouse,
    district,
    warehouse,
    amount: firstPayment,
    dateMs: row.sinceMs,
    data: random.text(12, 24),
  })
}

function putOrder(
  { tables, random, population }: LoadContext,
  tx: Transaction,
  key: readonly [warehouse: number, district: number, order: number],
  customer: number,
): void {
  const [warehouse, district, order] = key
  const isDelivered = order <= population.deliveredPerDistrict
  const lineCount = random.within(5, 15)
  const entryMs = Date.now()
  const carrier = isDelivered ? random.within(1, 10) : undefined
  tx.put(tables.order, key, { customer, entryMs, carrier, lineCount, isAllLocal: true })
  tx.put(tables.orderByCustomer, [warehouse, district, customer, order], { id: order })
  if (!isDelivered) tx.put(tables.newOrder, key, { id: order })
  for (let line = 1; line <= lineCount; line += 1) {
    tx.put(tables.orderLine, [warehouse, district, order, line], {
      item: random.within(1, population.items),
      supplyWarehouse: warehouse,
      quantity: 5,
      amount: isDelivered ? 0 : random.within(1, 9999_99),
      deliveryMs: isDelivered ? entryMs : undefined,
      districtInfo: random.letters(24),
    })
  }
}

function itemRow(random: InputRandom): { image: number; price: number; name: string; data: string } {
  return {
    image: random.within(1, 10_000),
    price: random.within(1_00, 100_00),
    name: random.text(14, 24),
    data: dataText(random),
  }
}

function stockRow(random: InputRandom): Stock {
  return {
    quantity: random.within(10, 100),
    orderCount: 0,
    remoteCount: 0,
    ytd: 0,
    data: dataText(random),
    district1: random.letters(24),
    district2: random.letters(24),
    district3: random.letters(24),
    district4: random.letters(24),
    district5: random.letters(24),
    district6: random.letters(24),
    district7: random.letters(24),
    district8: random.letters(24),
    district9: random.letters(24),
    district10: random.letters(24),
  }
}

function customerRow(random: InputRandom, last: string): Customer {
  return {
    balance: -firstPayment,
    ytdPayment: firstPayment,
    creditLimit: 50_000_00,
    sinceMs: Date.now(),
    discount: random.within(0, 5000),
    paymentCount: 1,
    deliveryCount: 0,
    credit: random.percent(badCreditShare) ? 'BC' : 'GC',
    first: random.text(8, 16),
    middle: 'OE',
    last,
    ...addressRow(random),
    phone: random.digits(16),
    data: random.text(300, 500),
  }
}

type Place = Pick<Customer, 'street1' | 'street2' | 'city' | 'state' | 'zip'>

function placeRow(random: InputRandom): Place & { tax: number; name: string } {
  return { tax: random.within(0, 2000), name: random.text(6, 10), ...addressRow(random) }
}

function addressRow(random: InputRandom): Place {
  return {
    street1: random.text(10, 20),
    street2: random.text(10, 20),
    city: random.text(10, 20),
    state: random.letters(2),
    zip: random.zip(),
  }
}

export const originalMark = 'ORIGINAL'

/** Some of the texts have the mark somewhere in them (clause 4.3.3.1). */
function dataText(random: InputRandom): string {
  const text = random.text(26, 50)
  if (!random.percent(originalShare)) return text
  const at = random.within(0, text.length - originalMark.length)
  return text.slice(0, at) + originalMark + text.slice(at + originalMark.length)
}

/** The numbers from 1 to `count` in random order (Fisher and Yates). */
function permutation(random: InputRandom, count: number): number[] {
  const numbers = Array.from({ length: count }, (_, index) => index + 1)
  for (let last = count - 1; last > 0; last -= 1) {
    const chosen = random.within(0, last)
    const number = numbers[chosen]!
    numbers[chosen] = numbers[last]!
    numbers[last] = number
  }
  return numbers
}
