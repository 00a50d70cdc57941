import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { Random } from '../../bench/generators/random.js'
import { targetNamed, targets } from '../../bench/targets/registry.js'
import type {
  Database,
  Footprint,
  KeyKind,
  Operations,
  RecordKey,
  Session,
  Target,
  TargetOptions,
  ValueKind,
} from '../../bench/targets/target.js'
import { valueForms } from '../../bench/ycsb/values.js'

const root = mkdtempSync(join(tmpdir(), 'tidemark-targets-'))
const unavailable = new Map<string, string>()
for (const target of targets) {
  const reason = await target.unavailable()
  if (reason !== undefined) unavailable.set(target.name, reason)
}

let opened: Database[] = []
let folders = 0

afterEach(async () => {
  for (const database of opened) await database.close()
  opened = []
  rmSync(root, { recursive: true, force: true })
})

function optionsOf(keys: KeyKind): TargetOptions {
  folders += 1
  const directory = join(root, String(folders))
  return { keys, directory, api: 'transaction', memoryLimitBytes: 64 * 1024 ** 2 }
}

async function openAs<K extends ValueKind>(target: Target, kind: K, keys: KeyKind = 'string') {
  const options = optionsOf(keys)
  const database = await target.open(options)
  opened.push(database)
  return { database, options, session: await database.session(kind) }
}

async function write<V>(
  session: Session<V>,
  body: (operations: Operations<V>) => void,
  footprint: Partial<Footprint> = {},
): Promise<void> {
  await session.readWrite(body, { isSingle: false, ...footprint })()
}

async function read<V>(session: Session<V>, key: RecordKey): Promise<V | undefined> {
  let found: V | undefined
  const footprint = { isSingle: true, reads: () => [key] }
  await session.readOnly((operations) => (found = operations.get(key)), footprint)()
  return found
}

async function entriesOf<V>(session: Session<V>): Promise<[RecordKey, V][]> {
  const entries: [RecordKey, V][] = []
  await session.entries((key, value) => entries.push([key, value]))
  return entries
}

const kinds: readonly ValueKind[] = ['string', 'fields', 'balance']
const sampleKeys = { string: ['user1', 'user2', 'user3', 'user4'], integer: [2, 10, 11, 100] } as const

/** Holds for every target; the workloads rely on nothing else. */
function contract(target: Target): void {
  test.each(kinds)('%s values under both kinds of keys come back as they were put', async (kind) => {
    for (const keys of ['string', 'integer'] as const) {
      const random = new Random(5)
      const { database, session } = await openAs<ValueKind>(target, kind, keys)
      const records = sampleKeys[keys].map((key) => [key, valueForms[kind].make(random)] as const)
      await write(session, (operations) => {
        for (const [key, value] of records) operations.insert(key, value)
      })
      for (const [key, value] of records) expect(await read(session, key)).toEqual(value)
      expect(await read(session, keys === 'string' ? 'user9' : 9)).toBeUndefined()
      const all = await entriesOf(session)
      expect(new Map(all)).toEqual(new Map<RecordKey, unknown>(records))
      expect(all.length).toBe(records.length)
      opened = []
      await database.close()
    }
  })

  test('a single put replaces, a single insert adds', async () => {
    const { session } = await openAs(target, 'string')
    await write(session, (operations) => operations.insert('user1', 'a'), { isSingle: true })
    await write(session, (operations) => operations.put('user1', 'b'), { isSingle: true })
    await write(session, (operations) => operations.insert('user2', 'c'), { isSingle: true })
    expect(new Map(await entriesOf(session))).toEqual(
      new Map([
        ['user1', 'b'],
        ['user2', 'c'],
      ]),
    )
  })

  test('a body reads what was committed, and its own writes', async () => {
    const { session } = await openAs(target, 'balance', 'integer')
    await write(session, (operations) => operations.insert(1, 5))
    const seen: (number | undefined)[] = []
    const body = (operations: Operations<number>): void => {
      seen.push(operations.get(1))
      operations.put(1, 6)
      seen.push(operations.get(1))
    }
    await write(session, body, { reads: () => [1] })
    expect([...seen, await read(session, 1)]).toEqual([5, 6, 6])
  })

  test('a body that happens to read nothing', async () => {
    const { session } = await openAs(target, 'string')
    await write(session, (operations) => operations.insert('user1', 'a'), { reads: () => [] })
    expect(await read(session, 'user1')).toBe('a')
  })
}

function readContract(target: Target): void {
  test('several reads in one transaction', async () => {
    const { session } = await openAs(target, 'string')
    await write(session, (operations) => {
      for (const key of sampleKeys.string) operations.insert(key, `of ${key}`)
    })
    const found: (string | undefined)[] = []
    const reads = (): readonly RecordKey[] => [...sampleKeys.string, 'user7']
    await session.readOnly(
      (operations) => {
        for (const key of reads()) found.push(operations.get(key))
      },
      { isSingle: false, reads },
    )()
    expect(found).toEqual([...sampleKeys.string.map((key) => `of ${key}`), undefined])
  })

  test('tells its memory', async () => {
    const { database } = await openAs(target, 'string')
    expect(database.counters().memoryBytes).toBeGreaterThanOrEqual(0)
  })
}

function rangeContract(target: Target): void {
  test.each(['string', 'integer'] as const)('ranges follow the order of %s keys', async (keys) => {
    const { session } = await openAs(target, 'string', keys)
    const all = sampleKeys[keys]
    await write(session, (operations) => {
      for (const key of all.toReversed()) operations.insert(key, `of ${key}`)
    })
    for (const [from, limit] of [
      [0, 4],
      [1, 2],
      [3, 9],
      [0, 1],
    ] as const) {
      const range = { from: all[from], limit }
      let found: string[] = []
      await session.readOnly((operations) => (found = [...operations.values(range.from, limit)]), {
        isSingle: false,
        range: () => range,
      })()
      expect(found).toEqual(all.slice(from, from + limit).map((key) => `of ${key}`))
    }
  })
}

function transactionContract(target: Target): void {
  test('a body that throws leaves nothing', async () => {
    const { session } = await openAs(target, 'string')
    await write(session, (operations) => operations.insert('user1', 'a'))
    const failing = async (): Promise<void> =>
      await write(session, (operations) => {
        operations.put('user1', 'b')
        operations.insert('user2', 'c')
        throw new RangeError('no')
      })
    await expect(failing()).rejects.toThrow('no')
    expect(await entriesOf(session)).toEqual([['user1', 'a']])
  })

  test('increments in flight together are all kept', async () => {
    const { session } = await openAs(target, 'balance')
    await write(session, (operations) => operations.insert('user1', 0))
    const runs = Array.from({ length: 4 }, () =>
      session.readWrite((operations) => operations.put('user1', operations.get('user1')! + 1), {
        isSingle: false,
        reads: () => ['user1'],
      }),
    )
    for (let round = 0; round < 3; round += 1) await Promise.all(runs.map(async (run) => await run()))
    expect(await read(session, 'user1')).toBe(12)
  })
}

function threadsContract(target: Target): void {
  test('a second connection sees what the first commits, and the other way round', async () => {
    const { database, options, session } = await openAs(target, 'string')
    await write(session, (operations) => operations.insert('user1', 'a'))
    const other = await target.connect(database.handle, 'string', options)
    expect(await read(other, 'user1')).toBe('a')
    await write(session, (operations) => operations.put('user1', 'b'), { isSingle: true })
    expect(await read(other, 'user1')).toBe('b')
    await write(other, (operations) => operations.insert('user2', 'c'))
    expect(await read(session, 'user2')).toBe('c')
    // In one thread a store is attached once; closing it is the database's business.
    if (other !== session && !target.name.startsWith('tidemark')) await other.close()
  })
}

describe.each(targets.map(({ name }) => name))('target %s', (name) => {
  const target = targetNamed(name)
  const { hasRanges, hasThreads, transactions } = target.traits
  const reason = unavailable.get(name)
  describe.skipIf(reason !== undefined)(`keeps the contract${reason ?? ''}`, () => {
    contract(target)
    readContract(target)
    describe.runIf(hasRanges)('of ranges', () => {
      rangeContract(target)
    })
    describe.runIf(transactions === 'serializable')('of transactions', () => {
      transactionContract(target)
    })
    describe.runIf(hasThreads)('of threads', () => {
      threadsContract(target)
    })
  })

  test('is described, and says why if it cannot be used here', () => {
    expect(target.traits.description).not.toBe('')
    expect(reason ?? 'it can').toMatch(/\w{2}/)
  })
})

test('targets have names of their own, and a wrong name is refused with the list', () => {
  expect(new Set(targets.map(({ name }) => name)).size).toBe(targets.length)
  expect(() => targetNamed('mapp')).toThrow(/no target 'mapp': one of tidemark, /)
})
