import { expect, expectTypeOf, it } from 'vitest'
import { type Fields, msgpack, open, optional, record, type Store, TransactionClosedError } from 'tidemark'

interface Account {
  owner: string
  balance: number
  visits: number
  note?: string | undefined
}

const fixed = record({ owner: 'string', balance: 'number', visits: 'int32', note: optional('string') })
const codecs = [
  ['record', fixed],
  ['msgpack', msgpack],
] as const

function accountsOf(store: Store, codec: (typeof codecs)[number][1]) {
  const accounts = store.table<string, Account>('accounts', { codec })
  const balances = accounts.pick('balance')
  const alice = { owner: 'Alice', balance: 10, visits: 1, note: 'a note' }
  store.transactionSync((tx) => {
    tx.put(accounts, 'alice', alice)
    tx.put(accounts, 'bob', { owner: 'Bob', balance: 20, visits: 2 })
  })
  return { accounts, balances, alice }
}

it.each(codecs)('some fields are read by every way of reading: %s', async (_, codec) => {
  await using store = await open({ name: 'fields' })
  const { accounts } = accountsOf(store, codec)
  const some = accounts.pick('balance', 'note')
  expectTypeOf(some).toEqualTypeOf<Fields<string, Pick<Account, 'balance' | 'note'>>>()
  store.snapshot((tx) => {
    const alice = { balance: 10, note: 'a note' }
    const bob = { balance: 20 }
    expect(tx.get(some, 'alice')).toEqual(alice)
    expect(tx.get(some, 'carol')).toBeUndefined()
    expect(tx.has(some, 'bob')).toBe(true)
    expect(tx.getMany(some, ['bob', 'carol', 'alice'])).toEqual([bob, undefined, alice])
    expect(tx.getValues(some).toArray()).toEqual([alice, bob])
    expect([...tx.getRange(some, { gte: 'b' })]).toEqual([['bob', bob]])
    expect(tx.count(some)).toBe(2)
  })
})

it.each(codecs)('a patch replaces its fields and leaves the others: %s', async (_, codec) => {
  await using store = await open({ name: 'patch' })
  const { accounts, balances, alice } = accountsOf(store, codec)
  const notes = accounts.pick('note', 'owner')
  store.transactionSync((tx) => {
    expect(tx.patch(balances, 'alice', { balance: 11 })).toBe(true)
    expect(tx.get(accounts, 'alice')).toEqual({ ...alice, balance: 11 })
    expect(tx.patch(notes, 'alice', { note: undefined, owner: 'Alice Longer-Name' })).toBe(true)
    const row = { ...alice, note: 'not a member of the patch', balance: 12 }
    expect(tx.patch(balances, 'alice', row)).toBe(true)
    expect(tx.get(accounts, 'alice')).toMatchObject({ owner: 'Alice Longer-Name', balance: 12, visits: 1 })
    expect(tx.get(accounts, 'alice')!.note).toBeUndefined()
  })
  store.transactionSync((tx) => tx.patch(notes, 'alice', { owner: 'A', note: 'x'.repeat(20_000) }))
  expect(store.snapshot((tx) => tx.get(accounts, 'alice'))).toEqual({
    owner: 'A',
    balance: 12,
    visits: 1,
    note: 'x'.repeat(20_000),
  })
})

it.each(codecs)('a patch of an absent key does nothing: %s', async (_, codec) => {
  await using store = await open({ name: 'absent' })
  const { accounts, balances } = accountsOf(store, codec)
  store.transactionSync((tx) => {
    tx.delete(accounts, 'bob')
    expect(tx.patch(balances, 'bob', { balance: 1 })).toBe(false)
    expect(tx.patch(balances, 'carol', { balance: 1 })).toBe(false)
    tx.insert(accounts, 'dave', { owner: 'Dave', balance: 0, visits: 0 })
    expect(tx.patch(balances, 'dave', { balance: 5 })).toBe(true)
  })
  const left = store.snapshot((tx) => [...tx.getRange(accounts)].map(([key, { balance }]) => [key, balance]))
  expect(left).toEqual([
    ['alice', 10],
    ['dave', 5],
  ])
})

it('a patch that is refused leaves the value as it was', async () => {
  await using store = await open({ name: 'refused' })
  const { accounts, alice } = accountsOf(store, fixed)
  const numbers = accounts.pick('balance', 'visits')
  store.transactionSync((tx) => {
    expect(() => tx.patch(numbers, 'alice', { balance: 99, visits: 1.5 })).toThrow(/visits.*int32/)
    expect(() => tx.patch(numbers, 'alice', undefined as never)).toThrow(/patch is an object/)
    expect(() => tx.patch(numbers, 'alice', null as never)).toThrow(/only an object has fields/)
    expect(tx.get(accounts, 'alice')).toEqual(alice)
  })
  expect(store.snapshot((tx) => tx.get(accounts, 'alice'))).toEqual(alice)
})

it('a patch depends on what it leaves: of two at once that overlap, one is run again', async () => {
  await using store = await open({ name: 'conflict' })
  const { accounts, balances } = accountsOf(store, fixed)
  const visits = accounts.pick('visits')
  let attempts = 0
  await store.transaction(async (tx) => {
    attempts += 1
    tx.patch(balances, 'alice', { balance: 50 })
    await Promise.resolve()
    if (attempts === 1) store.transactionSync((other) => other.patch(visits, 'alice', { visits: 7 }))
  })
  expect(attempts).toBe(2)
  expect(store.snapshot((tx) => tx.get(accounts, 'alice'))).toMatchObject({ balance: 50, visits: 7 })
})

it('misuse is refused', async () => {
  await using store = await open({ name: 'misuse' })
  const { accounts, balances } = accountsOf(store, fixed)
  expect(() => accounts.pick()).toThrow(/Name a field/)
  expect(() => accounts.pick('stranger' as never)).toThrow(/no field stranger/)
  expect(() => store.snapshot((tx) => (tx as never as { patch(): void }).patch())).toThrow(/patch/)
  const late = store.transactionSync((tx) => tx)
  expect(() => late.patch(balances, 'alice', { balance: 0 })).toThrow(TransactionClosedError)
  const words = store.table<string, string>('words')
  store.transactionSync((tx) => tx.put(words, 'w', 'text'))
  expect(() => store.snapshot((tx) => tx.get(words.pick('length'), 'w'))).toThrow(/only an object has fields/)
})
