import { TidemarkError } from '../errors.js'
import { blockKind, catalogEntryWords, header, siteArea, tableLimit } from '../memory/layout.js'
import type { CommitLog } from './commitLog.js'
import { tableDescriptor, tableRoot } from './index/node.js'
import { Tree } from './index/tree.js'
import type { SiteContext } from './siteContext.js'

export class TableLimitError extends TidemarkError {
  readonly limit: number = tableLimit
  constructor(name: string) {
    super(
      `table '${name}' would be one more than the ${tableLimit} tables that a store can have: use a prefix of tuple keys instead`,
      {
        code: 'TIDEMARK_TABLE_LIMIT',
      },
    )
  }
}

export interface TableEntry {
  readonly id: number
  readonly name: string
  /** What the table was created with; the store keeps the codec's name here. */
  readonly format: string
}

/**
 * The tables of the store: entry n is table n's, and leads to its index and to a block with its name and
 * format. Entries are written under the catalog latch, counted last, and never change.
 */
export class Catalog {
  readonly #context: SiteContext
  readonly #i32: Int32Array
  readonly #trees: Tree[] = []

  readonly #log: CommitLog | undefined

  constructor(context: SiteContext, log?: CommitLog) {
    this.#context = context
    this.#log = log
    this.#i32 = context.memory.i32
  }

  /** The table of the name, created if there is none. */
  open(name: string, format: string): TableEntry {
    const found = this.find(name)
    if (found !== undefined) return found
    const { latches } = this.#context
    latches.acquire(header.catalogLatch)
    try {
      return this.find(name) ?? this.#create(name, format)
    } finally {
      latches.release(header.catalogLatch)
    }
  }

  find(name: string): TableEntry | undefined {
    for (let id = 1; id <= this.count; id++) {
      const entry = this.entryOf(id)
      if (entry.name === name) return entry
    }
    return undefined
  }

  get count(): number {
    return Atomics.load(this.#i32, header.catalogCount)
  }

  /** As `count`, with nobody in the middle of creating a table: each table is counted, or not yet logged. */
  settledCount(): number {
    const { latches } = this.#context
    latches.acquire(header.catalogLatch)
    try {
      return this.count
    } finally {
      latches.release(header.catalogLatch)
    }
  }

  entryOf(id: number): TableEntry {
    const { memory } = this.#context
    const block = this.#i32[this.wordOf(id) + tableDescriptor]!
    const window = memory.windowOf(block)
    const start = memory.offsetOf(block) + 8
    const nameLength = this.#i32[block << 1]!
    const formatLength = this.#i32[(block << 1) + 1]!
    const name = window.toString('utf8', start, start + nameLength)
    return {
      id,
      name,
      format: window.toString('utf8', start + nameLength, start + nameLength + formatLength),
    }
  }

  treeOf(id: number): Tree {
    return (this.#trees[id] ??= new Tree(this.#context, this.wordOf(id)))
  }

  /** The index of the table whose catalog entry begins at this word. */
  treeAt(word: number): Tree {
    return this.treeOf((word - this.#context.memory.layout.catalogStart) / catalogEntryWords)
  }

  wordOf(id: number): number {
    return this.#context.memory.layout.catalogStart + catalogEntryWords * id
  }

  #create(name: string, format: string): TableEntry {
    const id = this.count + 1
    if (id > tableLimit) throw new TableLimitError(name)
    const i32 = this.#i32
    const word = this.wordOf(id)
    i32[this.#context.area + siteArea.indexEntry] = word
    if (i32[word + tableRoot] === 0) this.treeOf(id).createRoot()
    // A creator that died before it counted the entry may have left a description.
    this.#describe(word, name, format)
    const entry = { id, name, format }
    this.#log?.create(entry)
    Atomics.store(i32, header.catalogCount, id)
    return entry
  }

  #describe(word: number, name: string, format: string): void {
    const { arena, area, memory } = this.#context
    const nameBytes = Buffer.from(name)
    const formatBytes = Buffer.from(format)
    const block = arena.allocate(blockKind.data, 8 + nameBytes.length + formatBytes.length)
    this.#i32[area + siteArea.indexNewBlock] = block
    this.#i32[block << 1] = nameBytes.length
    this.#i32[(block << 1) + 1] = formatBytes.length
    const start = memory.offsetOf(block) + 8
    nameBytes.copy(memory.windowOf(block), start)
    formatBytes.copy(memory.windowOf(block), start + nameBytes.length)
    const old = this.#i32[word + tableDescriptor]!
    this.#i32[word + tableDescriptor] = block
    this.#i32[area + siteArea.indexNewBlock] = 0
    if (old !== 0) arena.free(old)
  }
}
