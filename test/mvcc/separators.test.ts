import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { KeyBytes } from '../../src/mvcc/index/block.js'
import { withEntry } from '../../src/mvcc/index/blockWriter.js'
import { makeEngines, Session } from '../kit/engineKit.js'

const keyBytes = (key: string): KeyBytes => ({
  bytes: Buffer.from(key, 'latin1'),
  start: 0,
  length: key.length,
})
const text = ({ bytes, start, length }: KeyBytes) =>
  Buffer.from(bytes.buffer, bytes.byteOffset + start, length).toString('latin1')

/** Keys of few bytes, so that they often share some, behind a prefix of all. */
const keys = fc
  .tuple(
    fc.string({ maxLength: 6 }),
    fc.uniqueArray(fc.string({ unit: fc.constantFrom('a', 'b', '\0', 'ÿ'), minLength: 1, maxLength: 7 }), {
      minLength: 2,
      maxLength: 63,
    }),
  )
  .map(([prefix, rest]) => rest.map((key) => prefix + key).sort((a, b) => (a < b ? -1 : 1)))

test('a separator entered in a copy makes the block that is made of all separators', () => {
  const [engine] = makeEngines(1)
  const { change, reader } = engine!.treeOf(new Session(engine!).table)
  const { writer } = change
  const newest = (block: number) => {
    const parts = writer.partsOf(block)
    const { level, right, targets } = parts
    const bounds = [parts.low, parts.high].map((bound) => bound && text(bound))
    const search = (key: string) => reader.childEntry(block, Buffer.from(key, 'latin1'), 0, key.length, false)
    return {
      level,
      right,
      targets,
      bounds,
      keys: parts.keys.map(text),
      prefix: text(reader.prefixOf(block)),
      search,
    }
  }
  fc.assert(
    fc.property(keys, fc.nat(), fc.boolean(), (all, pick, isLast) => {
      const added = 1 + (pick % (all.length - 1))
      const others = all.filter((_, i) => i !== added)
      const parts = {
        level: 1 + (pick % 2),
        right: isLast ? 0 : 77,
        low: keyBytes(all[0]!),
        high: isLast ? undefined : keyBytes(`${all.at(-1)}~`),
        targets: others.map((_, i) => 1000 + i),
        keys: others.map(keyBytes),
      }
      const before = writer.build(parts)
      const grown = writer.insertSeparator(before, added, 5, keyBytes(all[added]!))
      const whole = writer.build(withEntry(parts, added, 5, keyBytes(all[added]!)))
      const { search: find, ...found } = newest(grown)
      const { search: findExpected, ...expected } = newest(whole)
      expect(found).toEqual(expected)
      expect(all.map(find)).toEqual(all.map(findExpected))
      for (const block of [before, grown, whole]) engine!.context.arena.free(block)
    }),
  )
})
