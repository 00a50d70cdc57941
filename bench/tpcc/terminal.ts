import type { Snapshot, Store, Transaction } from 'tidemark'
import type { WorkDigest } from '../driver/digest.js'
import { WrongResultError } from '../driver/errors.js'
import type { DeliveryLog } from './deliveryLog.js'
import type { InputRandom } from './inputRandom.js'
import { districtsPerWarehouse, type Population } from './population.js'
import type { CustomerKey, Tables } from './schema.js'

/** What the transactions of one thread, which stands for the terminals of its warehouses, are made from. */
export interface Terminals {
  readonly store: Store
  readonly tables: Tables
  readonly population: Population
  readonly random: InputRandom
  readonly homes: readonly number[]
  /** Tells the history rows of this thread from those of others. */
  readonly thread: number
  readonly digest: WorkDigest
  readonly deliveries: DeliveryLog
}

/** The parts of a transaction that only read: of a transaction as of a snapshot. */
export type Reading = Pick<Snapshot, 'get' | 'getMany' | 'getValues'>
/** All that the transactions ask of a database. */
export type Writing = Reading & Pick<Transaction, 'patch' | 'insert' | 'delete' | 'abort'>

/** The warehouses whose terminals a thread stands for: all are shared out, or threads share them. */
export function homesOf(thread: number, threads: number, warehouses: number): number[] {
  const homes: number[] = []
  for (let warehouse = thread + 1; warehouse <= warehouses; warehouse += threads) homes.push(warehouse)
  return homes.length > 0 ? homes : [1 + (thread % warehouses)]
}

/** The warehouse of the terminal that enters the next transaction. */
export function homeOf({ homes, random }: Terminals): number {
  return homes.length === 1 ? homes[0]! : homes[random.random.below(homes.length)]!
}

export function districtOf({ random }: Terminals): number {
  return random.within(1, districtsPerWarehouse)
}

/** Another warehouse than this one, where there is another. */
export function otherWarehouse({ random, population }: Terminals, warehouse: number): number {
  if (population.warehouses === 1) return warehouse
  const other = random.within(1, population.warehouses - 1)
  return other < warehouse ? other : other + 1
}

/** A row that has to be there. */
export function present<V>(row: V | undefined, table: string, key: unknown): V {
  if (row === undefined) throw new WrongResultError(`${table} has no row ${JSON.stringify(key)}`)
  return row
}

const customersByName = 60

/** Whom a payment or a question is about: chosen by number, or by last name in 60 % of cases. */
export class CustomerChoice {
  warehouse = 0
  district = 0
  #customer = 0
  #last: string | undefined

  choose({ random }: Terminals, warehouse: number, district: number): void {
    this.warehouse = warehouse
    this.district = district
    this.#last = random.percent(customersByName) ? random.lastName() : undefined
    if (this.#last === undefined) this.#customer = random.customer()
  }

  /** Of several customers of the name, it is the middle one by first name, rounded up (clause 2.5.2.2). */
  find(tx: Reading, { customerByName }: Tables): CustomerKey {
    const { warehouse, district } = this
    if (this.#last === undefined) return [warehouse, district, this.#customer]
    const first = [warehouse, district, this.#last] as const
    const range = { gte: first, lt: [warehouse, district, `${this.#last}\0`] as const }
    const found = tx.getValues(customerByName, range).toArray()
    const { id } = present(found[(found.length - 1) >> 1], 'customer_by_name', first)
    return [warehouse, district, id]
  }
}
