import {
  blockKind,
  chunkAddressShift,
  header,
  magazineWords,
  siteArea,
  slabCount,
} from '../../src/memory/layout.js'
import { sizeClassCount, sizeOfClass } from '../../src/memory/sizeClasses.js'
import {
  blocksPerChunk,
  bump,
  bumpEnd,
  depotHead,
  depotWords,
  loaded,
  loadedCount,
  magazineSize,
  nextMagazineWord,
  nextWord,
  spare,
} from '../../src/memory/magazine.js'
import type { Engine } from '../../src/mvcc/engine.js'

/**
 * The blocks of a store that nobody works on: each is claimed by what uses it, or free, and never both.
 */
export class BlockLedger {
  readonly problems: string[] = []
  /** Bytes of everything claimed. */
  liveBytes = 0
  readonly #engine: Engine
  readonly #i32: Int32Array
  readonly #claims = new Map<number, string>()
  readonly #free = new Map<number, string>()
  readonly #retiredChunks = new Set<number>()
  readonly #siteCount: number

  constructor(engine: Engine) {
    this.#engine = engine
    this.#i32 = engine.memory.i32
    this.#siteCount = engine.context.sites.highWater
  }

  claim(address: number, what: string, kind: number = blockKind.data): void {
    const other = this.#claims.get(address)
    if (other !== undefined) {
      this.problems.push(`block ${address} is ${other}, and ${what} too`)
      return
    }
    this.#claims.set(address, what)
    const misplaced = this.#misplaced(address, kind)
    if (misplaced !== undefined) this.problems.push(`${what} is at ${address}, ${misplaced}`)
    else this.liveBytes += this.#engine.context.arena.sizeOf(address)
  }

  /** A chunk that held tuples, and waits for its release. */
  claimChunk(address: number): void {
    const { pool } = this.#engine.context.arena
    if (this.#retiredChunks.has(address)) this.problems.push(`chunk ${address} is retired twice`)
    this.#retiredChunks.add(address)
    if (!pool.isRetired(pool.indexOf(address)))
      this.problems.push(`chunk ${address} is queued, and not retired`)
  }

  /** Compares the claims with the lists of free blocks, and with the chunks. */
  settle(): void {
    for (let site = 1; site <= this.#siteCount; site++) this.#readMagazines(site)
    for (let slab = 0; slab < slabCount; slab++) this.#readDepot(slab)
    for (const [address, where] of this.#free) {
      const owner = this.#claims.get(address)
      if (owner !== undefined) this.problems.push(`block ${address} is ${owner}, and free ${where}`)
    }
    const unused = this.#unusedRests()
    const { pool } = this.#engine.context.arena
    for (let index = 0; index < pool.chunkTop; index++) {
      const address = pool.addressOf(index)
      if (pool.isRunHead(index)) this.#checkRun(address)
      else if (pool.isRetired(index) && !this.#retiredChunks.has(address))
        this.problems.push(`chunk ${address} is retired, and nobody releases it`)
      else if (pool.slabOf(address) >= 0) this.#checkSlabChunk(address, pool.slabOf(address), unused)
    }
  }

  #checkRun(address: number): void {
    if (!this.#claims.has(address)) this.problems.push(`the run at ${address} belongs to nobody`)
  }

  #checkSlabChunk(chunk: number, slab: number, unused: ReadonlyMap<number, number>): void {
    const words = wordsOf(slab)
    const end = unused.get(chunk) ?? chunk + blocksPerChunk(slab) * words
    const lost: number[] = []
    for (let block = chunk; block < end; block += words)
      if (!this.#claims.has(block) && !this.#free.has(block)) lost.push(block)
    const { pool } = this.#engine.context.arena
    const dropped = pool.isClaimed(chunk) ? blocksPerChunk(slab) : pool.droppedOf(chunk)
    if (lost.length === dropped) return
    this.problems.push(`of chunk ${chunk}, ${dropped} blocks were dropped, and ${lost.length} are missing:`)
    for (const block of lost)
      this.problems.push(`block ${block} of ${words * 8} bytes belongs to nobody, and is not free`)
  }

  /** Where in a chunk the part begins that no block was yet cut from. */
  #unusedRests(): Map<number, number> {
    const rests = new Map<number, number>()
    for (let site = 1; site <= this.#siteCount; site++) {
      for (let slab = 0; slab < slabCount; slab++) {
        const words = this.#magazineOf(site, slab)
        const start = this.#i32[words + bump]!
        if (start === this.#i32[words + bumpEnd]) continue
        const chunk = (start >>> chunkAddressShift) << chunkAddressShift
        if (this.#engine.context.arena.pool.slabOf(chunk) !== slab)
          this.problems.push(`site ${site} cuts blocks of slab ${slab} from a chunk of another slab`)
        rests.set(chunk, start)
      }
    }
    return rests
  }

  #readMagazines(site: number): void {
    for (let slab = 0; slab < slabCount; slab++) {
      const words = this.#magazineOf(site, slab)
      const where = `at site ${site}`
      const found = this.#readList(this.#i32[words + loaded]!, slab, where)
      const count = this.#i32[words + loadedCount]!
      if (found !== count) this.problems.push(`${where}, slab ${slab} has ${found} free blocks, not ${count}`)
      const full = this.#i32[words + spare]!
      if (full !== 0) this.#expectFull(this.#readList(full, slab, where), slab, where)
    }
  }

  #readDepot(slab: number): void {
    let head = this.#i32[header.depots + slab * depotWords + depotHead]!
    for (let guard = 0; head !== 0 && guard < 1e6; guard++) {
      this.#expectFull(this.#readList(head, slab, 'in the depot'), slab, 'in the depot')
      head = this.#i32[(head << 1) + nextMagazineWord]!
    }
  }

  #expectFull(count: number, slab: number, where: string): void {
    const full = magazineSize[slab]!
    if (count !== full)
      this.problems.push(`${where}, a full list of slab ${slab} has ${count} blocks, not ${full}`)
  }

  #readList(head: number, slab: number, where: string): number {
    let count = 0
    for (let block = head; block !== 0; block = this.#i32[(block << 1) + nextWord]!) {
      count++
      if (this.#free.has(block)) {
        this.problems.push(`block ${block} is free ${this.#free.get(block)}, and ${where} too`)
        break
      }
      this.#free.set(block, where)
      const found = this.#engine.context.arena.pool.slabOf(block)
      if (found !== slab) this.problems.push(`block ${block} of slab ${found} is in a list of slab ${slab}`)
    }
    return count
  }

  #magazineOf(site: number, slab: number): number {
    return this.#engine.memory.siteAreaOf(site) + siteArea.magazines + slab * magazineWords
  }

  #misplaced(address: number, kind: number): string | undefined {
    const { pool } = this.#engine.context.arena
    const index = pool.indexOf(address)
    if (address === 0 || index < 0 || index >= pool.chunkTop) return 'outside the chunks'
    const slab = pool.slabOf(address)
    if (slab < 0) return pool.isRunHead(index) && address === pool.addressOf(index) ? undefined : 'in no slab'
    if (Math.floor(slab / sizeClassCount) !== kind) return 'in a slab of the other kind'
    return (address - pool.addressOf(index)) % wordsOf(slab) === 0 ? undefined : 'inside of a block'
  }
}

function wordsOf(slab: number): number {
  return sizeOfClass[slab % sizeClassCount]! >> 3
}
