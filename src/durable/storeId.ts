import { randomUUID } from 'node:crypto'

/** The identity of a new store: a random UUID's 16 bytes. */
export function newStoreId(): Uint8Array {
  return Uint8Array.from(Buffer.from(randomUUID().replaceAll('-', ''), 'hex'))
}

/** As a UUID is written. */
export function storeIdText(storeId: Uint8Array): string {
  const digits = Buffer.from(storeId).toString('hex')
  return [8, 12, 16, 20, 32].map((end, at) => digits.slice([0, 8, 12, 16, 20][at], end)).join('-')
}
