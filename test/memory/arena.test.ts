import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Arena } from '../../src/memory/arena.js'
import { MemoryFullError } from '../../src/memory/errors.js'
import { Latches } from '../../src/memory/latch.js'
import { blockKind, chunkBytes } from '../../src/memory/layout.js'
import { SharedMemory } from '../../src/memory/sharedMemory.js'
import { blockBytesMax, sizeClassOf, sizeOfClass } from '../../src/memory/sizeClasses.js'
import { mebibyte } from '../kit/engineKit.js'

const noRecovery = { recoverIfDead: () => false }

function makeArenas(count: number, limitBytes = 64 * mebibyte): Arena[] {
  const memory = SharedMemory.create(limitBytes)
  return Array.from(
    { length: count },
    (_, i) => new Arena(memory, i + 1, new Latches(memory.i32, i + 1, noRecovery)),
  )
}

/** What the arena should give: blocks that do not overlap, and an exact count of their bytes. */
class Model {
  readonly live = new Map<number, { size: number; kind: number; mark: number }>()
  readonly #memory: SharedMemory
  readonly #arenas: readonly Arena[]
  readonly #base: number
  #marks = 0

  constructor(arenas: readonly Arena[], memory: SharedMemory) {
    this.#arenas = arenas
    this.#memory = memory
    this.#base = this.#usedBytes
  }

  allocate(arena: Arena, kind: number, lengthBytes: number): void {
    const address = arena.allocate(kind, lengthBytes)
    const size = arena.sizeOf(address)
    expect(this.live.has(address)).toBe(false)
    expect(size).toBe(
      lengthBytes > blockBytesMax
        ? Math.ceil(lengthBytes / chunkBytes) * chunkBytes
        : sizeOfClass[sizeClassOf(lengthBytes)],
    )
    const mark = ++this.#marks
    this.live.set(address, { size, kind, mark })
    this.#write(address, size, mark)
  }

  free(arena: Arena, address: number): void {
    this.#check(address)
    this.live.delete(address)
    arena.free(address)
  }

  /** That nobody has written into another's block, and that the bytes are counted. */
  check(): void {
    let bytes = 0
    for (const [address, { size }] of this.live) {
      this.#check(address)
      bytes += size
    }
    expect(this.#usedBytes - this.#base).toBe(bytes)
  }

  get #usedBytes(): number {
    let bytes = 0
    for (let site = 1; site <= this.#arenas.length; site++)
      bytes += this.#memory.f64[this.#memory.siteAreaOf(site) >> 1]!
    return bytes
  }

  /** Both ends of the block; what the free lists use is near its beginning. */
  #write(address: number, size: number, mark: number): void {
    const { i32 } = this.#memory
    for (let word = 0; word < 4; word++) i32[(address << 1) + word] = mark
    i32[(address << 1) + (size >> 2) - 1] = mark
  }

  #check(address: number): void {
    const { size, mark } = this.live.get(address)!
    const { i32 } = this.#memory
    for (const word of [0, 1, 2, 3, (size >> 2) - 1])
      if (i32[(address << 1) + word] !== mark) throw new Error(`block ${address} was overwritten`)
  }
}

/** The memory that arenas of `makeArenas` share. */
function makeModel(
  count: number,
  limitBytes?: number,
): { arenas: Arena[]; model: Model; memory: SharedMemory } {
  const memory = SharedMemory.create(limitBytes ?? 64 * mebibyte)
  const arenas = Array.from(
    { length: count },
    (_, i) => new Arena(memory, i + 1, new Latches(memory.i32, i + 1, noRecovery)),
  )
  return { arenas, model: new Model(arenas, memory), memory }
}

const length = fc.oneof(
  { weight: 8, arbitrary: fc.integer({ min: 1, max: 300 }) },
  { weight: 3, arbitrary: fc.integer({ min: 301, max: blockBytesMax }) },
  { weight: 1, arbitrary: fc.integer({ min: blockBytesMax + 1, max: 300_000 }) },
)
const step = fc.oneof(
  fc.record({ site: fc.nat(2), kind: fc.constantFrom(0, 1), length, count: fc.integer({ min: 1, max: 90 }) }),
  fc.record({
    site: fc.nat(2),
    kind: fc.constant(-1),
    length: fc.nat(),
    count: fc.integer({ min: 1, max: 120 }),
  }),
)

describe('an arena', () => {
  test('never gives out a block that is in use, and counts exactly', () => {
    fc.assert(
      fc.property(fc.array(step, { minLength: 20, maxLength: 120, size: 'max' }), (steps) => {
        const { arenas, model } = makeModel(3)
        for (const { site, kind, length: lengthBytes, count } of steps) {
          for (let i = 0; i < count; i++) {
            if (kind >= 0) {
              const isRun = lengthBytes > blockBytesMax
              if (!isRun || i < 3) model.allocate(arenas[site]!, isRun ? blockKind.data : kind, lengthBytes)
              continue
            }
            const addresses = [...model.live.keys()]
            if (addresses.length > 0)
              model.free(arenas[site]!, addresses[(lengthBytes + i * 31) % addresses.length]!)
          }
        }
        model.check()
        for (const address of model.live.keys()) model.free(arenas[address % 3]!, address)
        model.check()
      }),
      { numRuns: 25 },
    )
  })

  test('keeps tuples and other data in chunks of their own', () => {
    const { arenas, model } = makeModel(1)
    const [arena] = arenas as [Arena]
    for (let i = 0; i < 5000; i++) model.allocate(arena, i % 2, 40)
    const kinds = new Map<number, number>()
    for (const [address, { kind }] of model.live) {
      const chunk = arena.pool.indexOf(address)
      expect(kinds.get(chunk) ?? kind).toBe(kind)
      kinds.set(chunk, kind)
    }
  })

  test('uses again what another site has freed', () => {
    const { arenas, model } = makeModel(2)
    const [a, b] = arenas as [Arena, Arena]
    for (let i = 0; i < 4000; i++) model.allocate(a, blockKind.data, 100)
    for (const address of model.live.keys()) model.free(b, address)
    const before = a.pool.chunksInUse
    for (let i = 0; i < 3000; i++) model.allocate(a, blockKind.data, 100)
    // What is in b's own two lists, and the rest of a chunk, may be missing.
    expect(a.pool.chunksInUse - before).toBeLessThanOrEqual(1)
    model.check()
  })

  test('takes no more chunks when blocks come and go', () => {
    const { arenas, model } = makeModel(2)
    let warm = 0
    for (let round = 0; round < 60; round++) {
      for (let i = 0; i < 200; i++) model.allocate(arenas[round % 2]!, i % 2, 16 + ((i * 37) % 900))
      for (const address of model.live.keys()) model.free(arenas[(round >> 1) % 2]!, address)
      if (round === 20) warm = arenas[0]!.pool.chunksInUse
    }
    expect(arenas[0]!.pool.chunksInUse).toBeLessThanOrEqual(warm)
    model.check()
  })
})

describe('a full arena', () => {
  function fill(arena: Arena, lengthBytes: number): number[] {
    const addresses: number[] = []
    try {
      for (;;) addresses.push(arena.allocate(blockKind.data, lengthBytes))
    } catch (error) {
      expect(error).toBeInstanceOf(MemoryFullError)
      expect(error).toMatchObject({ code: 'TIDEMARK_MEMORY_FULL', requestedBytes: lengthBytes })
    }
    return addresses
  }

  test.each([48, 1000, 16_000, 65_536, 200_000])(
    'of blocks of %i bytes used most of its memory',
    (lengthBytes) => {
      const [arena] = makeArenas(1, 8 * mebibyte) as [Arena]
      const addresses = fill(arena, lengthBytes)
      const bytes = addresses.length * arena.sizeOf(addresses[0]!)
      expect(bytes).toBeGreaterThan(0.75 * 8 * mebibyte)
      expect(new Set(addresses).size).toBe(addresses.length)
    },
  )

  test.each([
    [48, 48],
    [48, 5000],
    [5000, 48],
    [300_000, 48],
    [48, 300_000],
    [64 * 1024, 300_000],
  ])('of blocks of %i bytes, when they are freed, has room for blocks of %i', async (first, second) => {
    const [arena] = makeArenas(1, 8 * mebibyte) as [Arena]
    for (const address of fill(arena, first)) arena.free(address)
    // A reclamation that was in vain is not tried again at once.
    await new Promise((resolve) => setTimeout(resolve, 15))
    const addresses = fill(arena, second)
    expect(addresses.length * second).toBeGreaterThan(0.6 * 8 * mebibyte)
    for (const address of addresses) arena.free(address)
  })

  test('keeps a reserve for work that frees memory', () => {
    const [arena] = makeArenas(1, 8 * mebibyte) as [Arena]
    fill(arena, 60_000)
    expect(() => arena.allocate(blockKind.data, 60_000)).toThrow(MemoryFullError)
    expect(arena.allocateReserved(blockKind.data, 60_000)).toBeGreaterThan(0)
    expect(() => arena.allocate(blockKind.data, 60_000)).toThrow(MemoryFullError)
  })

  test('finds room for a large object between others', () => {
    const [arena] = makeArenas(1, 8 * mebibyte) as [Arena]
    const addresses = fill(arena, chunkBytes)
    const holes = addresses.filter((_, i) => i % 10 < 5)
    for (const address of holes) arena.free(address)
    const runs = fill(arena, 5 * chunkBytes)
    expect(runs.length).toBeGreaterThanOrEqual(Math.floor(holes.length / 5) - 2)
    expect(() => arena.allocate(blockKind.data, 6 * chunkBytes)).toThrow(MemoryFullError)
  })
})
