import { WrongResultError } from '../driver/errors.js'
import { type Chooser, UniformChooser, ZipfianChooser } from '../generators/choosers.js'
import type { Committing, RecordKey, TransactionBody } from '../targets/target.js'
import { scanLengthMax } from './mixes.js'
import { performing } from './step.js'
import { missingRecord, type ThreadContext } from './thread.js'

/** Reads in one transaction of a long reader, as in vMVCC's evaluation. */
export const longReaderKeys = 10_000

/**
 * The hot loop's function of the transactional variant: several reads and blind writes, or one range read.
 */
export function mixedTransactions<V>(context: ThreadContext<V>): () => Committing {
  return context.settings.readRatio === 'scan'
    ? scans(context)
    : readsAndWrites(context, context.settings.readRatio)
}

function chooserOf<V>({ settings, random }: ThreadContext<V>, records: number = settings.records): Chooser {
  const { skew } = settings
  return skew === 'uniform' ? new UniformChooser(random, records) : new ZipfianChooser(random, records, skew)
}

/** Records and operations are chosen before the transaction, so that a retry does the same again. */
function readsAndWrites<V>(context: ThreadContext<V>, readRatio: number): () => Committing {
  const { session, settings, random, keys, form, digest } = context
  const chooser = chooserOf(context)
  const size = settings.operationsPerTransaction
  const numbers = new Int32Array(size)
  const isRead = new Uint8Array(size)
  const body: TransactionBody<V> = (operations) => {
    digest.begin()
    for (let index = 0; index < size; index += 1) {
      const number = numbers[index]!
      if (isRead[index] === 1) {
        const value = operations.get(keys.keyOf(number))
        if (value === undefined) throw missingRecord(number)
        digest.add(form.digest(value))
      } else {
        const value = form.make(random)
        digest.add(form.digest(value))
        operations.put(keys.keyOf(number), value)
      }
    }
  }
  const reads = (): RecordKey[] =>
    Array.from(
      numbers.filter((_, index) => isRead[index] === 1),
      (number) => keys.keyOf(number),
    )
  const footprint = { isSingle: size === 1, reads }
  const run = readRatio === 100 ? session.readOnly(body, footprint) : session.readWrite(body, footprint)
  const choose = (): void => {
    for (let index = 0; index < size; index += 1) {
      numbers[index] = chooser.next()
      isRead[index] = random.below(100) < readRatio ? 1 : 0
    }
  }
  return performing({ choose, run, keep: () => digest.keep() })
}

function scans<V>(context: ThreadContext<V>): () => Committing {
  const { session, settings, keys, form, digest } = context
  const length = Math.min(scanLengthMax, settings.records)
  // No scan starts so late that it would find fewer.
  const chooser = chooserOf(context, settings.records - length + 1)
  const isContiguous = settings.keys === 'integer'
  let number = 0
  const run = session.readOnly(
    (operations) => {
      digest.begin()
      let found = 0
      for (const value of operations.values(keys.keyOf(number), length)) {
        digest.add(form.digest(value))
        found += 1
      }
      if (isContiguous && found !== length) {
        throw new WrongResultError(`a scan from record ${number} found ${found} records of ${length}`)
      }
    },
    { isSingle: false, range: () => ({ from: keys.keyOf(number), limit: length }) },
  )
  return performing({ choose: () => (number = chooser.next()), run, keep: () => digest.keep() })
}

/** A reader of many records in one transaction, beside the others. */
export function longReads<V>(context: ThreadContext<V>): () => Committing {
  const { session, keys, form, digest } = context
  const chooser = chooserOf(context)
  const numbers = new Int32Array(longReaderKeys)
  const run = session.readOnly(
    (operations) => {
      digest.begin()
      for (const number of numbers) {
        const value = operations.get(keys.keyOf(number))
        if (value === undefined) throw missingRecord(number)
        digest.add(form.digest(value))
      }
    },
    { isSingle: false, reads: () => Array.from(numbers, (number) => keys.keyOf(number)) },
  )
  const choose = (): void => {
    for (let index = 0; index < longReaderKeys; index += 1) numbers[index] = chooser.next()
  }
  return performing({ choose, run, keep: () => digest.keep() })
}
