import { describe, expect, it } from 'vitest'
import { type Range, string, type Transaction } from '../../src/index.js'
import { makeRandom, type Random } from '../kit/engineRandom.js'
import { openStore } from '../kit/storeRoom.js'

const alphabets = [
  'ascii-0123456789',
  '\u00e9\u00ff\u0080\u00f0\u007f',
  '\u20ac\u4e2d\ud83d\ude00',
  '\ud800x',
]

/** Lengths around every limit of how texts are read. */
function textOf(random: Random, number: number): string {
  const alphabet = alphabets[random.below(8) === 0 ? 2 + random.below(2) : random.below(2)]!
  const length = random.pick([0, 1, 11, 12, 13, 14, 100, 254, 255, 256, 257, random.below(400), 5000])
  const first = random.below(alphabet.length)
  return Array.from({ length }, (_, i) => alphabet[(first + i * (1 + number)) % alphabet.length]).join('')
}

describe('texts read by ranges', () => {
  it('are what was written, whatever their lengths and characters, and stay so when kept', async () => {
    const random = makeRandom()
    const store = await openStore()
    const table = store.table<number, string>('texts', { codec: string })
    const model = new Map<number, string>()
    const kept: [string, string][] = []
    for (let round = 0; round < 12; round++) {
      store.transactionSync((tx) => {
        for (let i = 0; i < 150; i++) {
          const key = random.below(500)
          const text = textOf(random, i)
          model.set(key, text)
          tx.put(table, key, text)
        }
        const expected = [...model].sort(([a], [b]) => a - b)
        // Own writes, and what was committed before.
        expect(tx.getRange(table).toArray()).toEqual(expected)
      })
      store.collect()
      const expected = [...model].sort(([a], [b]) => a - b)
      store.snapshot((tx) => {
        expect([...tx.getValues(table)]).toEqual(expected.map(([, text]) => text))
        const range: Range<number> = {
          gte: random.below(500),
          reverse: random.below(2) === 0,
          limit: random.below(200),
        }
        const part = range.reverse === true ? expected.toReversed() : expected
        const inside = part.filter(([key]) => key >= range.gte!).slice(0, range.limit)
        const found = tx.getRange(table, range).toArray()
        expect(found).toEqual(inside)
        for (const [i, [, text]] of found.entries()) kept.push([text, inside[i]![1]])
      })
    }
    for (const [text, expected] of kept) expect(text).toBe(expected)
  })

  it('are found where they lie close to each other, and among others that do not', async () => {
    const store = await openStore()
    const table = store.table<number, string>('texts', { codec: string })
    const texts = Array.from({ length: 400 }, (_, i) => `${i} \u00e9`.padEnd(13 + (i % 200), `-${i}`))
    store.transactionSync((tx) => {
      for (const [key, text] of texts.entries()) tx.put(table, key, text)
    })
    const read = (reverse: boolean): string[] =>
      store.snapshot((tx) => tx.getValues(table, { reverse }).toArray())
    expect(read(false)).toEqual(texts)
    expect(read(true)).toEqual(texts.toReversed())
    // Values that were replaced lie elsewhere.
    for (const key of [7, 8, 20, 399, 123, 0]) {
      texts[key] = `another text ${key}`
      store.transactionSync((tx) => tx.put(table, key, texts[key]!))
      expect(read(false)).toEqual(texts)
      expect(read(true)).toEqual(texts.toReversed())
    }
  })

  it('may be written and deleted by the transaction that iterates over them', async () => {
    const store = await openStore()
    const table = store.table<number, string>('texts', { codec: string })
    const text = (key: number): string => `a text that is long enough: ${key}`
    store.transactionSync((tx) => {
      for (let key = 0; key < 300; key += 2) tx.put(table, key, text(key))
    })
    const walk = (tx: Transaction): void => {
      for (const [key, value] of tx.getRange(table, { lt: 300 })) {
        expect(value.replace('new ', '')).toBe(text(key))
        if (key % 4 === 0) tx.put(table, key + 2, `new ${text(key + 2)}`)
        else tx.delete(table, key)
        tx.put(table, key + 301, text(key + 301))
      }
    }
    store.transactionSync(walk)
    store.snapshot((tx) => {
      const keys = tx.getKeys(table, { lt: 300 }).toArray()
      expect(keys.every((key) => key % 4 === 0)).toBe(true)
      expect(tx.count(table, { gte: 300 })).toBe(150)
    })
  })
})
