import { kinds } from './kinds.js'
import type { CustomerKey, DistrictKey, HistoryKey, Tables } from './schema.js'
import {
  CustomerChoice,
  districtOf,
  homeOf,
  otherWarehouse,
  present,
  type Terminals,
  type Writing,
} from './terminal.js'

const remoteShare = 15
const dataMax = 500

/** What a Payment reads and changes of each row; the customer's data only if the credit is bad. */
function columnsOf({ warehouse, district, customer }: Tables) {
  const address = ['street1', 'street2', 'city', 'state', 'zip'] as const
  const account = ['balance', 'ytdPayment', 'paymentCount'] as const
  return {
    warehouse: warehouse.pick('ytd', 'name', ...address),
    warehouseYtd: warehouse.pick('ytd'),
    district: district.pick('ytd', 'name', ...address),
    districtYtd: district.pick('ytd'),
    customer: customer.pick(
      ...account,
      'creditLimit',
      'sinceMs',
      'discount',
      'credit',
      'first',
      'middle',
      'last',
      ...address,
      'phone',
    ),
    data: customer.pick('data'),
    account: customer.pick(...account),
    accountAndData: customer.pick(...account, 'data'),
  }
}

/** Payment (clause 2.5): a customer, of another warehouse in 15 % of cases, pays at a district. */
export function payments(terminals: Terminals): () => number {
  const { store, tables, random, population, digest } = terminals
  const choice = new CustomerChoice()
  const columns = columnsOf(tables)
  let district: DistrictKey = [0, 0]
  let amount = 0
  let dateMs = 0
  let historyNumber = 0
  const body = (tx: Writing): void => {
    digest.begin()
    const [warehouseId, districtId] = district
    const warehouseRow = present(tx.get(columns.warehouse, warehouseId), 'warehouse', warehouseId)
    warehouseRow.ytd += amount
    tx.patch(columns.warehouseYtd, warehouseId, warehouseRow)
    const districtRow = present(tx.get(columns.district, district), 'district', district)
    districtRow.ytd += amount
    tx.patch(columns.districtYtd, district, districtRow)
    const key = choice.find(tx, tables)
    const customer = present(tx.get(columns.customer, key), 'customer', key)
    customer.balance -= amount
    customer.ytdPayment += amount
    customer.paymentCount += 1
    let data = ''
    if (customer.credit === 'BC') {
      data = paidBy(key, district, amount) + present(tx.get(columns.data, key), 'customer', key).data
      data = data.slice(0, dataMax)
      const { balance, ytdPayment, paymentCount } = customer
      tx.patch(columns.accountAndData, key, { balance, ytdPayment, paymentCount, data })
    } else tx.patch(columns.account, key, customer)
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
    digest.add(customer.balance ^ customer.first.length ^ data.length ^ districtRow.city.length)
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

/** What a payment puts in front of the data of a customer with bad credit. */
function paidBy(key: CustomerKey, [districtWarehouse, district]: DistrictKey, amount: number): string {
  const [warehouse, customerDistrict, customer] = key
  return `${customer} ${customerDistrict} ${warehouse} ${district} ${districtWarehouse} ${amount}|`
}
