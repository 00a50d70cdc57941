import { KeyTooLongError } from './keyErrors.js'

/** The longest encoded key. A number takes 9 bytes; an ASCII string its length and 2. */
export const maxKeyBytes = 2047

/**
 * Refuses the key if `bytes` more from `position` would pass `limit`, which is its start and `maxKeyBytes`.
 */
export function requireRoom(position: number, bytes: number, limit: number): void {
  if (position + bytes > limit)
    throw new KeyTooLongError(position + bytes - (limit - maxKeyBytes), maxKeyBytes)
}
