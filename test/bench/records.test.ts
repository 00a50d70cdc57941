import { describe, expect, test } from 'vitest'
import { Random } from '../../bench/generators/random.js'
import { WorkDigest } from '../../bench/driver/digest.js'
import { InsertSequence } from '../../bench/ycsb/inserts.js'
import { keyForms } from '../../bench/ycsb/keys.js'
import { valueForms } from '../../bench/ycsb/values.js'

describe('keys', () => {
  test.each(['integer', 'string'] as const)('%s keys tell their record, and no two are alike', (kind) => {
    const form = keyForms[kind]
    const keys = new Set<unknown>()
    for (const number of [...Array(5000).keys(), 999_999, 2 ** 31 - 1]) {
      const key = form.keyOf(number)
      keys.add(key)
      expect(form.numberOf(key)).toBe(number)
    }
    expect(keys.size).toBe(5002)
  })

  test('string keys are user and ten digits, and neighbours in number are not neighbours in order', () => {
    const keys = [...Array(1000).keys()].map((number) => String(keyForms.string.keyOf(number)))
    expect(keys.every((key) => /^user\d{10}$/.test(key))).toBe(true)
    const firstTen = keys
      .toSorted((a, b) => (a < b ? -1 : 1))
      .slice(0, 10)
      .map((key) => keyForms.string.numberOf(key)!)
    expect(Math.max(...firstTen)).toBeGreaterThan(100)
  })

  test('keys that nobody made have no number', () => {
    expect(keyForms.string.numberOf('user1')).toBeUndefined()
    expect(keyForms.string.numberOf(5)).toBeUndefined()
    expect(keyForms.integer.numberOf('5')).toBeUndefined()
  })
})

describe('values', () => {
  const random = new Random(31)

  test('strings are 100 characters, vary, and are well-formed', () => {
    const values = Array.from({ length: 500 }, () => valueForms.string.make(random))
    expect(new Set(values).size).toBe(64)
    for (const value of values)
      expect([value.length, valueForms.string.isWellFormed(value)]).toEqual([100, true])
  })

  test('a torn, cut or foreign string is found out', () => {
    const [one, other] = [valueForms.string.make(new Random(1)), valueForms.string.make(new Random(2))]
    expect(one).not.toBe(other)
    for (const damaged of [
      one.slice(0, 50) + other.slice(50),
      one.slice(1),
      `${one}a`,
      '',
      ' '.repeat(100),
    ]) {
      expect(valueForms.string.isWellFormed(damaged)).toBe(false)
    }
  })

  test('records have ten fields of ten bytes; a change leaves nine as they were', () => {
    const value = valueForms.fields.make(random)
    expect(Object.values(value).map((field) => field.length)).toEqual(Array(10).fill(10))
    const before = { ...value }
    let changes = 0
    for (let round = 0; round < 20; round += 1) {
      const changed = valueForms.fields.change({ ...before }, random)
      const different = Object.keys(before).filter(
        (name) => Reflect.get(changed, name) !== Reflect.get(before, name),
      )
      expect(different.length).toBeLessThanOrEqual(1)
      expect(valueForms.fields.isWellFormed(changed)).toBe(true)
      changes += different.length
    }
    expect(changes).toBeGreaterThan(10)
  })

  test('a record with a missing, extra or damaged field is found out', () => {
    const value = valueForms.fields.make(random)
    const { field3: _, ...missing } = value
    for (const damaged of [missing, { ...value, more: 'abcdefghij' }, { ...value, field9: 'abcdefghi' }]) {
      expect(valueForms.fields.isWellFormed(damaged as typeof value)).toBe(false)
    }
  })

  test('the digest of a record depends on each of its fields, that of one field on that one', () => {
    const value = valueForms.fields.make(random)
    const digest = valueForms.fields.digest(value)
    for (const name of Object.keys(value)) {
      expect(valueForms.fields.digest({ ...value, [name]: 'xyzxyzxyzx' })).not.toBe(digest)
    }
    const digests = new Set(Array.from({ length: 200 }, () => valueForms.fields.digestOne(value, random)))
    expect(digests.size).toBeGreaterThan(4)
  })
})

function digestOf(numbers: readonly number[]): number {
  const digest = new WorkDigest()
  digest.begin()
  for (const number of numbers) digest.add(number)
  digest.keep()
  return digest.value
}

describe('WorkDigest', () => {
  test('a retried body counts once', () => {
    const once = new WorkDigest()
    const retried = new WorkDigest()
    for (const digest of [once, retried]) {
      digest.begin()
      digest.add(1)
      digest.keep()
    }
    retried.begin()
    retried.add(99)
    for (const digest of [once, retried]) {
      digest.begin()
      digest.add(2)
      digest.keep()
    }
    expect(retried.value).toBe(once.value)
  })

  test('depends on order and on every number', () => {
    const values = [[1, 2], [2, 1], [1, 3], [1], []].map(digestOf)
    expect(new Set(values).size).toBe(5)
  })
})

describe('InsertSequence', () => {
  test('numbers follow the loaded records and are acknowledged when all before are', () => {
    const first = InsertSequence.create(10, 2)
    const second = new InsertSequence(first.buffer, 1)
    expect(first.acknowledged()).toBe(10)
    expect(first.claim()).toBe(10)
    expect(second.claim()).toBe(11)
    expect(second.acknowledged()).toBe(10)
    second.acknowledge()
    expect(second.acknowledged()).toBe(10)
    first.acknowledge()
    expect(first.acknowledged()).toBe(12)
  })
})
