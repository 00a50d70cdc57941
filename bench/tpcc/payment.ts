import { kinds } from './kinds.js'
import type { Customer, CustomerKey, DistrictKey, HistoryKey } from './schema.js'
import {
  CustomerChoice,
  customerRow,
  districtOf,
  homeOf,
  otherWarehouse,
  present,
  type Terminals,
  type Writing,
} from './terminal.js'

const remoteShare = 15
const dataMax = 500

/** Payment (clause 2.5): a customer, of another warehouse in 15 % of cases, pays at a district. */
export function payments(terminals: Terminals): () => number {
  const { store, tables, random, population, digest } = terminals
  const choice = new CustomerChoice()
  let district: DistrictKey = [0, 0]
  let amount = 0
  let dateMs = 0
  let historyNumber = 0
  const body = (tx: Writing): void => {
    digest.begin()
    const [warehouseId, districtId] = district
    const warehouseRow = present(tx.get(tables.warehouse, warehouseId), 'warehouse', warehouseId)
    warehouseRow.ytd += amount
    tx.put(tables.warehouse, warehouseId, warehouseRow)
    const districtRow = present(tx.get(tables.district, district), 'district', district)
    districtRow.ytd += amount
    tx.put(tables.district, district, districtRow)
    const key = choice.find(tx, tables)
    const customer = customerRow(tx, tables, key)
    pay(customer, key, district, amount)
    tx.put(tables.customer, key, customer)
    const historyKey: HistoryKey = [terminals.thread, historyNumber]
    tx.insert(tables.history, historyKey, {
      customer: key[2],
      customerDistrict: key[1],
      customerWarehouse: key[0],
      district: districtId,
      warehouse: warehouseId,
      amount,
      dateMs,
      data: `${warehouseRow.name}    ${districtRow.name}`,
    })
    digest.add(customer.balance ^ customer.first.length ^ customer.data.length ^ districtRow.city.length)
  }
  return () => {
    const warehouse = homeOf(terminals)
    district = [warehouse, districtOf(terminals)]
    if (population.warehouses > 1 && random.percent(remoteShare))
      choice.choose(terminals, otherWarehouse(terminals, warehouse), districtOf(terminals))
    else choice.choose(terminals, warehouse, district[1])
    amount = random.within(1_00, 5000_00)
    dateMs = Date.now()
    historyNumber += 1
    store.transactionSync(body)
    digest.keep()
    return kinds.payment
  }
}

function pay(row: Customer, key: CustomerKey, district: DistrictKey, amount: number): void {
  row.balance -= amount
  row.ytdPayment += amount
  row.paymentCount += 1
  if (row.credit !== 'BC') return
  const [warehouse, customerDistrict, customer] = key
  const paid = `${customer} ${customerDistrict} ${warehouse} ${district[1]} ${district[0]} ${amount}|`
  row.data = (paid + row.data).slice(0, dataMax)
}
