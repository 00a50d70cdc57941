import { WrongResultError } from '../driver/errors.js'
import type { Committing } from '../targets/target.js'
import { performing } from './step.js'
import { missingRecord, type ThreadContext } from './thread.js'
import { initialBalance } from './values.js'

/** One transaction in so many adds up all accounts instead of moving money. */
const transfersPerAudit = 100
const amountMax = 10

/**
 * Accounts that always hold the same in all: transfers between two of them, and audits, which must find the
 * total at any moment. A database that isolates badly fails the run.
 */
export function bankTransactions<V>(context: ThreadContext<V>): () => Committing {
  const money = context.form.money
  if (money === undefined) throw new TypeError('the bank needs accounts: values of the kind balance')
  // Values that have money are the money.
  const accounts = context as unknown as ThreadContext<number>
  const { random } = context
  const transfer = transfers(accounts)
  const audit = audits(accounts)
  return () => (random.below(transfersPerAudit) === 0 ? audit() : transfer())
}

function transfers({ session, settings, random, keys, digest }: ThreadContext<number>): () => Committing {
  let from = 0
  let to = 0
  let amount = 0
  const run = session.readWrite(
    (operations) => {
      digest.begin()
      const source = operations.get(keys.keyOf(from))
      const destination = operations.get(keys.keyOf(to))
      if (source === undefined) throw missingRecord(from)
      if (destination === undefined) throw missingRecord(to)
      digest.add(source)
      digest.add(destination)
      const moved = Math.min(source, amount)
      operations.put(keys.keyOf(from), source - moved)
      operations.put(keys.keyOf(to), destination + moved)
    },
    { isSingle: false, reads: () => [keys.keyOf(from), keys.keyOf(to)] },
  )
  const choose = (): void => {
    from = random.below(settings.records)
    to = (from + 1 + random.below(settings.records - 1)) % settings.records
    amount = 1 + random.below(amountMax)
  }
  return performing({ choose, run, keep: () => digest.keep() })
}

function audits({ session, settings, keys, digest }: ThreadContext<number>): () => Committing {
  const { records } = settings
  const range = { from: firstKey(settings.keys, keys.keyOf(0)), limit: records }
  const run = session.readOnly(
    (operations) => {
      digest.begin()
      let total = 0
      let count = 0
      for (const balance of operations.values(range.from, range.limit)) {
        total += balance
        count += 1
      }
      digest.add(total)
      if (count !== records || total !== records * initialBalance) {
        throw new WrongResultError(
          `an audit found ${total} in ${count} accounts, not ${records * initialBalance} in ${records}`,
        )
      }
    },
    { isSingle: false, range: () => range },
  )
  return performing({ choose: () => {}, run, keep: () => digest.keep() })
}

/** Where all accounts follow: numbers begin with account 0, hashed keys with their prefix. */
function firstKey(kind: 'integer' | 'string', keyOfFirst: number | string): number | string {
  return kind === 'integer' ? keyOfFirst : 'user'
}
