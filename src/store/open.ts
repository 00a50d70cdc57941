import { randomUUID } from 'node:crypto'
import { totalmem } from 'node:os'
import { inspect } from 'node:util'
import { getEnvironmentData, setEnvironmentData } from 'node:worker_threads'
import { chunkBytes, header } from '../memory/layout.js'
import { SharedMemory } from '../memory/sharedMemory.js'
import { Engine } from '../mvcc/engine.js'
import { OptionError, StoreClosedError, StoreNotFoundError } from './errors.js'
import type { StoreHandle } from './handle.js'
import { isThreadDead, nativeThread, thisThread, watchDeaths } from './liveness.js'
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

/** Opens a new store, in memory. Workers started from now on can `attach` to it. */
export async function open(options: OpenOptions = {}): Promise<Store> {
  checkOpenOptions(options)
  const name = options.name ?? nameDefault
  if (openHandles().some((handle) => handle.name === name)) {
    throw new OptionError(
      'name',
      `a store named '${name}' is open already: give this one another name, or use attach`,
    )
  }
  const memory = SharedMemory.create(options.memoryLimitBytes ?? memoryLimitDefault())
  const handle: StoreHandle = { name, id: randomUUID(), buffer: memory.buffer }
  setEnvironmentData(environmentKey, [...openHandles(), handle] as never)
  return join(memory, handle, () => {
    const others = openHandles().filter((other) => other.id !== handle.id)
    setEnvironmentData(environmentKey, others)
    Atomics.store(memory.i32, header.closed, 1)
  })
}

/**
 * Attaches this thread to a store of the process: the only one that is open, or the one of the name, or the
 * one of the handle. In a thread that has it open already, gives that.
 */
export async function attach(which?: StoreHandle | string): Promise<Store> {
  const handle = which === undefined || typeof which === 'string' ? findHandle(which) : checkHandle(which)
  if (isClosed(handle)) throw new StoreClosedError(handle.name)
  const known = stores.get(handle.id)
  if (known?.status === 'open') return known
  return join(SharedMemory.from(handle.buffer), handle, () => {})
}

function join(memory: SharedMemory, handle: StoreHandle, onClose: () => void): Store {
  const engine = new Engine({ memory, thread: thisThread, nativeThread: nativeThread(), isThreadDead })
  const unwatch = watchDeaths(engine)
  const store = new Store(engine, handle, () => {
    unwatch()
    stores.delete(handle.id)
    engine.leave()
    onClose()
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
  const { name, id, buffer } = (handle ?? {}) as Partial<StoreHandle>
  if (typeof name === 'string' && typeof id === 'string' && buffer instanceof SharedArrayBuffer) {
    return { name, id, buffer: SharedMemory.from(buffer).buffer }
  }
  throw new OptionError(
    'handle',
    `attach was given ${inspect(handle)}, which is neither a name nor the handle of a store`,
  )
}

function memoryLimitDefault(): number {
  const half = Math.floor(totalmem() / 2 / chunkBytes) * chunkBytes
  return Math.min(half, memoryLimitDefaultBytes)
}
