// Longer jobs of storeThread.mjs. Each gets the store, and shared words to agree with other threads through.
import { setTimeout as delay } from 'node:timers/promises'
import { StoreClosedError } from 'tidemark'

/** Words of the shared control array. */
const word = { go: 0, stop: 1, writes: 2 }

function awaitGo(control) {
  Atomics.wait(control, word.go, 0)
}

function isStopped(control) {
  return Atomics.load(control, word.stop) !== 0
}

/** Small numbers that differ from thread to thread, the same in each run. */
function randomOf(seed) {
  let state = seed
  return (limit) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return Math.floor((state / 2 ** 32) * limit)
  }
}

export const jobs = {
  /** Moves money between accounts, every other time in locking mode, and sums all up now and then. */
  bank(store, { control, seed, transfers, accounts: count, total }) {
    const accounts = store.table('accounts')
    const random = randomOf(seed)
    let sums = 0
    awaitGo(control)
    for (let i = 0; i < transfers; i++) {
      const options = i % 2 === 0 ? { mode: 'locking' } : {}
      if (i % 20 === 19) {
        const sum = store.transactionSync(
          (tx) =>
            tx
              .getValues(accounts)
              .toArray()
              .reduce((a, b) => a + b, 0),
          options,
        )
        const seen = store.snapshot((tx) =>
          tx
            .getValues(accounts)
            .toArray()
            .reduce((a, b) => a + b, 0),
        )
        if (sum !== total || seen !== total)
          throw new Error(`the sum is ${sum}, in a snapshot ${seen}, and not ${total}`)
        sums += 2
      }
      const from = random(count)
      const to = (from + 1 + random(count - 1)) % count
      store.transactionSync((tx) => {
        const amount = random(5)
        tx.put(accounts, from, tx.get(accounts, from) - amount)
        tx.put(accounts, to, tx.get(accounts, to) + amount)
      }, options)
    }
    return sums
  },

  /** Goes off duty if another one is on; then comes back. Two that did it at once would leave nobody. */
  duty(store, { control, name, rounds, mode }) {
    const doctors = store.table('doctors')
    let left = 0
    awaitGo(control)
    for (let i = 0; i < rounds; i++) {
      const mine = mode === 'mixed' ? (i % 2 === 0 ? 'locking' : 'optimistic') : mode
      const off = store.transactionSync(
        (tx) => {
          const onDuty = tx.getValues(doctors).toArray().filter(Boolean).length
          if (onDuty === 0) throw new Error('nobody is on duty')
          if (onDuty === 1) return false
          tx.put(doctors, name, false)
          return true
        },
        { mode: mine },
      )
      if (off) left++
      store.transactionSync((tx) => tx.put(doctors, name, true), { mode: mine })
    }
    return left
  },

  /** Takes two keys in the order given, in locking mode, with a pause in between. */
  cross(store, { control, keys: [first, second], rounds }) {
    const numbers = store.table('numbers')
    let attempts = 0
    awaitGo(control)
    for (let i = 0; i < rounds; i++) {
      store.transactionSync(
        (tx) => {
          attempts++
          tx.put(numbers, first, tx.get(numbers, first) + 1)
          const until = performance.now() + 0.05
          while (performance.now() < until);
          tx.put(numbers, second, tx.get(numbers, second) + 1)
        },
        { mode: 'locking' },
      )
    }
    return attempts
  },

  /** As many short writes to the hot keys as it can make until it is told to stop. */
  hammer(store, { control, keys }) {
    const numbers = store.table('numbers')
    let writes = 0
    awaitGo(control)
    while (!isStopped(control)) {
      const key = writes++ % keys
      store.transactionSync((tx) => tx.put(numbers, key, tx.get(numbers, key) + 1), {
        timeoutMs: Number.POSITIVE_INFINITY,
        maxRetries: Number.POSITIVE_INFINITY,
      })
      Atomics.add(control, word.writes, 1)
    }
    return writes
  },

  /** Locks a key by writing it, and holds it for good. */
  hold(store, { control, table, key }) {
    const items = store.table(table)
    store.transactionSync(
      (tx) => {
        tx.put(items, key, 2)
        Atomics.store(control, word.go, 1)
        for (;;);
      },
      { mode: 'locking' },
    )
  },

  /** Waits in an async body until the store is closed by somebody, and tells how that ended. */
  async linger(store, { control, ms }) {
    const items = store.table('items')
    try {
      await store.transaction(async (tx) => {
        tx.put(items, 'lingering', 1)
        Atomics.store(control, word.go, 1)
        Atomics.notify(control, word.go)
        await delay(ms)
      })
      return 'committed'
    } catch (error) {
      return error instanceof StoreClosedError ? 'closed' : String(error)
    }
  },
}
