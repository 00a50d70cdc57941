import { randomUUID } from 'node:crypto'
import { totalmem } from 'node:os'
import { inspect } from 'node:util'
import { getEnvironmentData, setEnvironmentData } from 'node:worker_threads'
import { chunkBytes, header } from '../memory/layout.js'
import { SharedMemory } from '../memory/sharedMemory.js'
import { Acknowledger } from './acknowledger.js'
import { enter } from './enter.js'
import { OptionError, StoreClosedError, StoreNotFoundError } from './errors.js'
import { StoreFolder } from './folder.js'
import type { JournalHandle, StoreHandle } from './handle.js'
import { checkOpenOptions, type OpenOptions } from './options.js'
import { Store } from './store.js'

const nameDefault = 'tidemark'
const memoryLimitDefaultBytes = 4 * 1024 ** 3

/**
 * Node hands this entry of the environment data to every worker that is started: the handles of the open
 * stores.
 */
const environmentKey = 'tidemark.stores'

/** The stores of this thread, by id: `attach` gives the one that there is. */
const stores = new Map<string, Store>()

/** Names of stores that are being opened, and not yet among the handles. */
const opening = new Set<string>()

/**
 * Opens a store: the one that a folder holds, recovered first, or without a path a new one in memory. Workers
 * started from now on can `attach` to it.
 *
 * Throws `StoreLockedError` if another process has the folder open, `JournalDamagedError` if what was on disk
 * is damaged, `JournalVersionError` if another version wrote it, and `MemoryFullError` if it does not fit
 * into
 * `memoryLimitBytes`; the folder is left as it was.
 */
export async function open(options: OpenOptions = {}): Promise<Store> {
  checkOpenOptions(options)
  const name = options.name ?? nameDefault
  if (opening.has(name) || openHandles().some((handle) => handle.name === name)) {
    throw new OptionError(
      'name',
      `a store named '${name}' is open already: give this one another name, or use attach`,
    )
  }
  opening.add(name)
  try {
    return await openNew(name, options)
  } finally {
    opening.delete(name)
  }
}

async function openNew(name: string, options: OpenOptions): Promise<Store> {
  const memory = SharedMemory.create(options.memoryLimitBytes ?? memoryLimitDefault())
  const memoryHandle: StoreHandle = { name, id: randomUUID(), buffer: memory.buffer }
  const folder =
    options.path === undefined ? undefined : await openFolder(memoryHandle, options.path, options)
  const handle = folder?.handle ?? memoryHandle
  setEnvironmentData(environmentKey, [...openHandles(), handle] as never)
  return join(handle, folder, async () => {
    const others = openHandles().filter((other) => other.id !== handle.id)
    setEnvironmentData(environmentKey, others)
    Atomics.store(memory.i32, header.closed, 1)
    await folder?.close()
  })
}

async function openFolder(handle: StoreHandle, path: string, options: OpenOptions): Promise<StoreFolder> {
  const { engine, leave } = enter(handle)
  try {
    return await StoreFolder.open(path, options, { engine, handle })
  } finally {
    leave()
  }
}

/**
 * Attaches this thread to a store of the process: the only one that is open, or the one of the name, or the
 * one of the handle. In a thread that has it open already, gives that.
 */
export async function attach(which?: StoreHandle | string): Promise<Store> {
  const handle = which === undefined || typeof which === 'string' ? findHandle(which) : checkHandle(which)
  if (isClosed(handle)) throw new StoreClosedError(handle.name)
  const known = stores.get(handle.id)
  if (known !== undefined && known.status !== 'closed') return known
  return join(handle, undefined, () => {})
}

function join(
  handle: StoreHandle,
  folder: StoreFolder | undefined,
  onClose: () => void | Promise<void>,
): Store {
  const { engine, log, leave } = enter(handle)
  const acknowledger = log === undefined ? undefined : new Acknowledger(log, handle.journal!)
  const store = new Store(engine, handle, {
    ...(acknowledger === undefined ? {} : { acknowledger }),
    ...(folder === undefined ? {} : { folder }),
    detach: async () => {
      stores.delete(handle.id)
      leave()
      await onClose()
      await acknowledger?.close()
    },
  })
  stores.set(handle.id, store)
  return store
}

function findHandle(name: string | undefined): StoreHandle {
  const handles = openHandles()
  const found = handles.filter((handle) => name === undefined || handle.name === name)
  if (found.length === 1) return found[0]!
  const names = handles.map((handle) => `'${handle.name}'`).join(', ')
  if (found.length > 1)
    throw new StoreNotFoundError(`${found.length} stores are open (${names}): name the one to attach to`)
  throw new StoreNotFoundError(
    `no store ${name === undefined ? '' : `named '${name}' `}is open that this thread knows of${names === '' ? '' : ` (there is ${names})`}: ` +
      'open it before the thread is started, or pass store.handle to attach',
  )
}

/** A worker's copy of the list is as old as the worker: some of its stores may be closed by now. */
function openHandles(): StoreHandle[] {
  const handles = (getEnvironmentData(environmentKey) as unknown as StoreHandle[] | undefined) ?? []
  return handles.filter((handle) => !isClosed(handle))
}

function isClosed(handle: StoreHandle): boolean {
  return (
    handle.buffer.byteLength > 0 &&
    Atomics.load(new Int32Array(handle.buffer, 0, header.closed + 1), header.closed) !== 0
  )
}

function checkHandle(handle: unknown): StoreHandle {
  const { name, id, buffer, journal } = (handle ?? {}) as Partial<StoreHandle>
  const isWhole = journal === undefined || isJournal(journal)
  if (typeof name === 'string' && typeof id === 'string' && buffer instanceof SharedArrayBuffer && isWhole) {
    const known = { name, id, buffer: SharedMemory.from(buffer).buffer }
    return journal === undefined ? known : { ...known, journal }
  }
  throw new OptionError(
    'handle',
    `attach was given ${inspect(handle)}, which is neither a name nor the handle of a store`,
  )
}

function isJournal({ buffer, storeId, path, durability }: JournalHandle): boolean {
  const isPlace = storeId instanceof Uint8Array && typeof path === 'string'
  return isPlace && buffer instanceof SharedArrayBuffer && typeof durability === 'string'
}

function memoryLimitDefault(): number {
  const half = Math.floor(totalmem() / 2 / chunkBytes) * chunkBytes
  return Math.min(half, memoryLimitDefaultBytes)
}
