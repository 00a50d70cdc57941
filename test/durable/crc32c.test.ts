import { describe, expect, test } from 'vitest'
import {
  crc32c,
  crc32cEnd,
  crc32cFinish,
  crc32cSeed,
  crc32cStart,
  crc32cUpdate,
} from '../../src/durable/crc32c.js'
import { makeRandom } from '../kit/engineRandom.js'

/** By the definition: one bit at a time. */
function bitwise(bytes: Uint8Array): number {
  let crc = -1
  for (const byte of bytes) {
    crc ^= byte
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ ((crc & 1) === 0 ? 0 : 0x82f63b78)
  }
  return ~crc
}

const ascending = Uint8Array.from({ length: 32 }, (_, i) => i)

describe('CRC32C', () => {
  // RFC 3720, appendix B.4; the first is the check value of the catalogue of CRCs.
  test.each([
    ['the digits 1 to 9', Buffer.from('123456789'), 0xe3069283],
    ['32 zeros', new Uint8Array(32), 0x8a9136aa],
    ['32 bytes of 0xFF', new Uint8Array(32).fill(0xff), 0x62a8ab43],
    ['32 ascending bytes', ascending, 0x46dd794e],
    ['32 descending bytes', ascending.toReversed(), 0x113fdb5c],
    ['nothing', new Uint8Array(0), 0],
  ])('of %s is what the standard says', (_, bytes, expected) => {
    expect(crc32c(bytes) >>> 0).toBe(expected)
  })

  test('agrees with the definition at every length and offset up to 40', () => {
    const bytes = Uint8Array.from({ length: 48 }, (_, i) => (i * 151 + 7) & 0xff)
    for (let start = 0; start < 9; start++) {
      for (let end = start; end <= start + 39; end++) {
        const found = crc32cEnd(crc32cUpdate(crc32cStart, bytes, start, end))
        expect(found).toBe(bitwise(bytes.subarray(start, end)))
      }
    }
  })

  test('is the same however the bytes are divided', () => {
    const random = makeRandom()
    for (let run = 0; run < 200; run++) {
      const bytes = Buffer.from(random.bytes(random.below(300)), 'latin1')
      const first = random.below(bytes.length + 1)
      const second = first + random.below(bytes.length - first + 1)
      let state = crc32cUpdate(crc32cStart, bytes, 0, first)
      state = crc32cUpdate(state, bytes, first, second)
      state = crc32cUpdate(state, bytes, second, bytes.length)
      expect(crc32cEnd(state)).toBe(bitwise(bytes))
    }
  })

  test('of a frame is over store id, payload, first word and position', () => {
    const id = Buffer.from('00112233445566778899aabbccddeeff', 'hex')
    const payload = Buffer.from('payload')
    const state = crc32cUpdate(crc32cSeed(id), payload, 0, payload.length)
    const tail = Buffer.from('170000200807060504030200', 'hex')
    expect(crc32cFinish(state, 0x20000017, 0x0002030405060708)).toBe(
      bitwise(Buffer.concat([id, payload, tail])),
    )
  })
})
