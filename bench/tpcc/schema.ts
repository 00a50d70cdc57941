import { type RecordValue, record, type Store, type Table } from 'tidemark'

// The nine tables of clause 1.3 and two indexes. Columns of a primary key stand in the key alone. Money is in
// cents, taxes and discounts in ten-thousandths, and times in milliseconds since 1970, so all are exact.

const warehouseFields = {
  ytd: 'number',
  tax: 'int32',
  name: 'string',
  street1: 'string',
  street2: 'string',
  city: 'string',
  state: 'string',
  zip: 'string',
} as const
const districtFields = {
  ytd: 'number',
  tax: 'int32',
  nextOrder: 'int32',
  name: 'string',
  street1: 'string',
  street2: 'string',
  city: 'string',
  state: 'string',
  zip: 'string',
} as const
const customerFields = {
  balance: 'number',
  ytdPayment: 'number',
  creditLimit: 'number',
  sinceMs: 'number',
  discount: 'int32',
  paymentCount: 'int32',
  deliveryCount: 'int32',
  credit: 'string',
  first: 'string',
  middle: 'string',
  last: 'string',
  street1: 'string',
  street2: 'string',
  city: 'string',
  state: 'string',
  zip: 'string',
  phone: 'string',
  data: 'string',
} as const
const historyFields = {
  customer: 'int32',
  customerDistrict: 'int32',
  customerWarehouse: 'int32',
  district: 'int32',
  warehouse: 'int32',
  amount: 'int32',
  dateMs: 'number',
  data: 'string',
} as const
const orderFields = {
  customer: 'int32',
  entryMs: 'number',
  carrier: { optional: 'int32' },
  lineCount: 'int32',
  isAllLocal: 'boolean',
} as const
const orderLineFields = {
  item: 'int32',
  supplyWarehouse: 'int32',
  quantity: 'int32',
  amount: 'int32',
  deliveryMs: { optional: 'number' },
  districtInfo: 'string',
} as const
const itemFields = { image: 'int32', price: 'int32', name: 'string', data: 'string' } as const
const stockFields = {
  quantity: 'int32',
  orderCount: 'int32',
  remoteCount: 'int32',
  ytd: 'number',
  data: 'string',
  district1: 'string',
  district2: 'string',
  district3: 'string',
  district4: 'string',
  district5: 'string',
  district6: 'string',
  district7: 'string',
  district8: 'string',
  district9: 'string',
  district10: 'string',
} as const
/** An entry of NEW-ORDER, and of the indexes: the last column of its key again, which saves decoding it. */
const entryFields = { id: 'int32' } as const

export type Warehouse = RecordValue<typeof warehouseFields>
export type District = RecordValue<typeof districtFields>
export type Customer = RecordValue<typeof customerFields>
export type History = RecordValue<typeof historyFields>
export type Order = RecordValue<typeof orderFields>
export type OrderLine = RecordValue<typeof orderLineFields>
export type Item = RecordValue<typeof itemFields>
export type Stock = RecordValue<typeof stockFields>
export type Entry = RecordValue<typeof entryFields>

export type DistrictKey = readonly [warehouse: number, district: number]
export type CustomerKey = readonly [...DistrictKey, customer: number]
export type OrderKey = readonly [...DistrictKey, order: number]
export type OrderLineKey = readonly [...OrderKey, line: number]
export type StockKey = readonly [warehouse: number, item: number]
/** HISTORY has no primary key: each thread counts its own rows, the loading main thread being thread 0. */
export type HistoryKey = readonly [thread: number, number: number]
export type CustomerNameKey = readonly [...DistrictKey, last: string, first: string, customer: number]
export type CustomerOrderKey = readonly [...CustomerKey, order: number]

/** The keys of a district in a table whose keys begin with it. */
export function ofDistrict(warehouse: number, district: number): { gte: DistrictKey; lt: DistrictKey } {
  return { gte: [warehouse, district], lt: [warehouse, district + 1] }
}

/** The lines of an order. */
export function ofOrder([warehouse, district, order]: OrderKey): { gte: OrderKey; lt: OrderKey } {
  return { gte: [warehouse, district, order], lt: [warehouse, district, order + 1] }
}

export interface Tables {
  readonly warehouse: Table<number, Warehouse>
  readonly district: Table<DistrictKey, District>
  readonly customer: Table<CustomerKey, Customer>
  readonly history: Table<HistoryKey, History>
  readonly newOrder: Table<OrderKey, Entry>
  readonly order: Table<OrderKey, Order>
  readonly orderLine: Table<OrderLineKey, OrderLine>
  readonly item: Table<number, Item>
  readonly stock: Table<StockKey, Stock>
  /** Finds the customers of a last name, in the order of their first names. */
  readonly customerByName: Table<CustomerNameKey, Entry>
  /** Finds the latest order of a customer. */
  readonly orderByCustomer: Table<CustomerOrderKey, Entry>
}

export function openTables(store: Store): Tables {
  return {
    warehouse: store.table<number, Warehouse>('warehouse', { codec: record(warehouseFields) }),
    district: store.table<DistrictKey, District>('district', { codec: record(districtFields) }),
    customer: store.table<CustomerKey, Customer>('customer', { codec: record(customerFields) }),
    history: store.table<HistoryKey, History>('history', { codec: record(historyFields) }),
    newOrder: store.table<OrderKey, Entry>('new_order', { codec: record(entryFields) }),
    order: store.table<OrderKey, Order>('order', { codec: record(orderFields) }),
    orderLine: store.table<OrderLineKey, OrderLine>('order_line', { codec: record(orderLineFields) }),
    item: store.table<number, Item>('item', { codec: record(itemFields) }),
    stock: store.table<StockKey, Stock>('stock', { codec: record(stockFields) }),
    customerByName: store.table<CustomerNameKey, Entry>('customer_by_name', { codec: record(entryFields) }),
    orderByCustomer: store.table<CustomerOrderKey, Entry>('order_by_customer', {
      codec: record(entryFields),
    }),
  }
}

/** Which column of STOCK a district's orders copy to their lines. */
export const districtColumns = [
  'district1',
  'district2',
  'district3',
  'district4',
  'district5',
  'district6',
  'district7',
  'district8',
  'district9',
  'district10',
] as const
