/** Districts of a warehouse, at every scale: the terminals are bound to them. */
export const districtsPerWarehouse = 10

/** How many rows there are of what (clause 4.3.3). */
export interface Population {
  readonly warehouses: number
  readonly items: number
  readonly customersPerDistrict: number
  /** How many last names are in use: of the first so many customers of a district, each has another. */
  readonly lastNames: number
  /** Each customer has one order at first; so many of these are delivered, the later ones are not. */
  readonly deliveredPerDistrict: number
}

/** The specification's numbers. */
const full = { items: 100_000, customersPerDistrict: 3000, lastNames: 1000 } as const
const deliveredShare = 0.7

/** Fewest customers of a district: there is a delivered and an open order at least. */
const customersMin = 10
/** Fewest items: an order's fifteen lines may be of as many. */
const itemsMin = 100

/** `scale` is the share of the specification's customers, orders and items: 1, or less for tests. */
export function populationOf(warehouses: number, scale: number): Population {
  const customersPerDistrict = Math.max(customersMin, Math.round(full.customersPerDistrict * scale))
  return {
    warehouses,
    items: Math.max(itemsMin, Math.round(full.items * scale)),
    customersPerDistrict,
    lastNames: Math.min(full.lastNames, customersPerDistrict),
    deliveredPerDistrict: Math.round(customersPerDistrict * deliveredShare),
  }
}

/**
 * The first argument of NURand (clause 2.1.6), in proportion to the range that it is for: at full scale, the
 * specification's.
 */
export function nurandMasks(population: Population): { item: number; customer: number; lastName: number } {
  return {
    item: maskOf(8191, population.items / full.items),
    customer: maskOf(1023, population.customersPerDistrict / full.customersPerDistrict),
    lastName: maskOf(255, population.lastNames / full.lastNames),
  }
}

function maskOf(fullMask: number, share: number): number {
  return 2 ** Math.max(1, Math.round(Math.log2((fullMask + 1) * share))) - 1
}
