/** The five transactions, in the order of the mix. */
export const transactionKinds = ['newOrder', 'payment', 'orderStatus', 'delivery', 'stockLevel'] as const
export type TransactionKind = (typeof transactionKinds)[number]

/** Their numbers, and that of new orders rolled back as clause 2.4.1.4 demands: those did not commit. */
export const kinds = {
  newOrder: 0,
  payment: 1,
  orderStatus: 2,
  delivery: 3,
  stockLevel: 4,
  rolledBack: 5,
} as const
export const kindCount = 6

export const committedKinds: readonly number[] = transactionKinds.map((kind) => kinds[kind])

/** The shares of the five in percent (clause 5.2.3 gives the least of all but the first). */
export type Mix = readonly [number, number, number, number, number]
export const standardMix: Mix = [45, 43, 4, 4, 4]
