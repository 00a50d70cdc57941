import type { ThreadWork } from '../driver/loop.js'
import { Deliveries } from './delivery.js'
import { kinds, type Mix } from './kinds.js'
import { newOrders } from './newOrder.js'
import { orderStatuses } from './orderStatus.js'
import { payments } from './payment.js'
import { stockLevels } from './stockLevel.js'
import type { Terminals } from './terminal.js'

/** So many deliveries wait at most, whatever the mix. */
const waitingMax = 16

/** A thread's work, and what is still to be done when it stops. */
export interface TerminalWork extends ThreadWork {
  readonly finish: () => void
}

/** The work of one thread: a mix of transactions, and its deferred deliveries in between. */
export function workOf(terminals: Terminals, mix: Mix): TerminalWork {
  const deliveries = new Deliveries(terminals)
  const deck = new Deck(mix, (bound) => terminals.random.random.below(bound))
  const runs: Readonly<Record<number, () => number>> = {
    [kinds.newOrder]: newOrders(terminals),
    [kinds.payment]: payments(terminals),
    [kinds.orderStatus]: orderStatuses(terminals),
    [kinds.stockLevel]: stockLevels(terminals),
  }
  // Those that are done before the next transaction is entered. A delivery waits for one transaction entered
  // after it: it is done beside the terminals' other work, not while the terminal that asked for it waits.
  let due = 0
  return {
    runTransaction: () => {
      if (due > 0) {
        due -= 1
        return deliveries.deliver()
      }
      for (;;) {
        const kind = deck.draw()
        if (kind !== kinds.delivery) {
          due = deliveries.waiting
          return runs[kind]!()
        }
        deliveries.request()
        if (deliveries.waiting >= waitingMax) return deliveries.deliver()
      }
    },
    finish: () => {
      while (deliveries.waiting > 0) deliveries.deliver()
    },
    transactionsPerSample: 1,
    checksum: () => terminals.digest.value,
  }
}

/**
 * A deck of cards, shuffled anew when all are drawn (clause 5.2.4.2): the shares of the mix are exact, and
 * the order is random.
 */
export class Deck {
  readonly #cards: number[]
  readonly #below: (bound: number) => number
  #left = 0

  constructor(mix: Mix, below: (bound: number) => number) {
    this.#cards = mix.flatMap((share, kind) => Array<number>(share).fill(kind))
    this.#below = below
  }

  draw(): number {
    const cards = this.#cards
    if (this.#left === 0) this.#left = cards.length
    this.#left -= 1
    const chosen = this.#below(this.#left + 1)
    const kind = cards[chosen]!
    cards[chosen] = cards[this.#left]!
    cards[this.#left] = kind
    return kind
  }
}
