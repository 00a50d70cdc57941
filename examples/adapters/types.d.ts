/** What a transaction's body is given. Answers may be promises. */
export interface AdapterTransaction {
  get(key: string): unknown
  put(key: string, value: unknown): unknown
}

/** What `open` and `attach` of an adapter give. */
export interface AdapterStore {
  readonly handle?: unknown
  transaction(body: (tx: AdapterTransaction) => unknown): unknown
  transactionSync?(body: (tx: AdapterTransaction) => unknown): unknown
  close?(): unknown
}
