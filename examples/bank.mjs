// A bank on one thread: transactions that wait, refuse and give up, and snapshots beside them.
//
//     node examples/bank.mjs
import { strict as assert } from 'node:assert'
import { setTimeout as sleep } from 'node:timers/promises'
import { open } from 'tidemark'

/** @typedef {{ owner: string, balance: number }} Account */

const store = await open()
/** @type {import('tidemark').Table<string, Account>} */
const accounts = store.table('accounts')

await store.transaction((tx) => {
  tx.insert(accounts, 'alice', { owner: 'Alice', balance: 100 })
  tx.insert(accounts, 'bob', { owner: 'Bob', balance: 50 })
})

/**
 * A body that throws changes nothing: the error reaches the caller as it is, and neither account was touched.
 *
 * @param {string} from
 * @param {string} to
 * @param {number} amount
 */
async function transfer(from, to, amount) {
  return store.transaction(async (tx) => {
    const source = tx.get(accounts, from)
    const target = tx.get(accounts, to)
    if (source === undefined || target === undefined) throw new Error('no such account')
    await sleep(1) // A body may wait. Others go on meanwhile; if they change what it read, it runs again.
    if (source.balance < amount) throw new Error(`${source.owner} has only ${source.balance}`)
    tx.put(accounts, from, { ...source, balance: source.balance - amount })
    tx.put(accounts, to, { ...target, balance: target.balance + amount })
    return source.balance - amount
  })
}

console.log('Alice has', await transfer('alice', 'bob', 30), 'after her transfer')
await assert.rejects(transfer('alice', 'bob', 1000), { message: 'Alice has only 70' })

// A held snapshot sees the store as it was when it was taken, whatever happens meanwhile.
const before = store.snapshot()

// Ten transfers at once between the same two accounts: each is retried until it fits between the others.
await Promise.all(Array.from({ length: 10 }, () => transfer('alice', 'bob', 1)))
// A held snapshot sees the store as it was, for as long as it is open.
console.log(
  'before',
  [...before.getRange(accounts)],
  '\nafter ',
  store.snapshot((tx) => [...tx.getRange(accounts)]),
)
before.close()

const total = store.snapshot((tx) =>
  [...tx.getValues(accounts)].reduce((sum, account) => sum + account.balance, 0),
)
assert.equal(total, 150)
await store.close()
