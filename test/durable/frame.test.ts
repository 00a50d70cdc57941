import { describe, expect, test } from 'vitest'
import { crc32cSeed } from '../../src/durable/crc32c.js'
import {
  encodeFrame,
  frameHeaderBytes,
  frameKind,
  frameKindName,
  frameKindOf,
  frameLengthLimit,
  frameLengthOf,
  framePositionAt,
  frameRoomOf,
  frameWord,
  isFrameSound,
} from '../../src/durable/frame.js'
import { getU32, getU64, putU64 } from '../../src/durable/littleEndian.js'

const seed = crc32cSeed(Buffer.from('00112233445566778899aabbccddeeff', 'hex'))

function frameOf(payload: string, position = 0x1122334455): Buffer {
  const target = Buffer.alloc(frameRoomOf(frameHeaderBytes + payload.length) + 8, 0xee)
  const end = encodeFrame(target, 8, { kind: frameKind.entry, position, payload: Buffer.from(payload) }, seed)
  expect(end).toBe(target.length)
  expect(target.subarray(0, 8).every((byte) => byte === 0xee)).toBe(true)
  return target.subarray(8)
}

describe('a frame', () => {
  test('has these bytes', () => {
    expect(frameOf('hello').toString('hex')).toBe(goldenFrame)
  })

  test('says its kind, length and position', () => {
    const frame = frameOf('hello')
    const word = getU32(frame, 0)
    expect([frameKindOf(word), frameLengthOf(word)]).toEqual([frameKind.entry, 21])
    expect(framePositionAt(frame, 0)).toBe(0x1122334455)
    expect(isFrameSound(frame, 0, seed)).toBe(true)
  })

  test('of another store does not check out', () => {
    expect(isFrameSound(frameOf('hello'), 0, crc32cSeed(Buffer.alloc(16)))).toBe(false)
  })

  test('with any bit changed does not check out, but for those of its padding', () => {
    const frame = frameOf('hello')
    for (let bit = 0; bit < 21 * 8; bit++) {
      const changed = Buffer.from(frame)
      changed[bit >> 3]! ^= 1 << (bit & 7)
      // A length that points beyond what is there is refused before the checksum is looked at.
      if (frameLengthOf(getU32(changed, 0)) > frame.length) continue
      expect(isFrameSound(changed, 0, seed), `bit ${bit}`).toBe(false)
    }
  })

  test('may have the longest length of every kind', () => {
    for (const kind of Object.values(frameKind)) {
      const word = frameWord(kind, frameLengthLimit - 1)
      expect([frameKindOf(word), frameLengthOf(word)]).toEqual([kind, frameLengthLimit - 1])
    }
  })

  test('takes room in steps of 8 bytes', () => {
    expect([16, 17, 23, 24, 25].map(frameRoomOf)).toEqual([16, 24, 24, 24, 32])
  })

  test('names kinds that it does not know too', () => {
    expect([frameKindName(2), frameKindName(9)]).toEqual(['transaction', 'unknown kind 9'])
  })
})

test.each([0, 1, 2 ** 31, 2 ** 32 - 1, 2 ** 32, 2 ** 40 + 5, Number.MAX_SAFE_INTEGER])(
  'the position %d is read as it was written',
  (position) => {
    const bytes = Buffer.alloc(8)
    putU64(bytes, 0, position)
    expect(getU64(bytes, 0)).toBe(position)
    expect(bytes.readBigUInt64LE()).toBe(BigInt(position))
  },
)

const goldenFrame = '15000040c1488d8b554433221100000068656c6c6f000000'
