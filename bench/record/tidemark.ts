import { attach, open, type Store, type StoreHandle, type Transaction } from 'tidemark'
import type { Adapter, AdapterStore, AdapterTransaction } from './adapter.js'

/** The store of this package: all clients are worker threads. */
export const adapter: Adapter = {
  open: async () => adapted(await open()),
  attach: async (handle) => adapted(await attach(handle as StoreHandle)),
}

function adapted(store: Store): AdapterStore {
  const table = store.table<string, unknown>('recorded')
  const adaptedTransaction = (tx: Transaction): AdapterTransaction => ({
    get: (key) => tx.get(table, key),
    put: (key, value) => tx.put(table, key, value),
  })
  return {
    handle: store.handle,
    transaction: (body) => store.transaction((tx) => body(adaptedTransaction(tx))),
    transactionSync: (body) => store.transactionSync((tx) => body(adaptedTransaction(tx))),
    close: () => store.close(),
  }
}
