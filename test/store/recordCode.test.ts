import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { layoutOf, optional, record, type RecordFields } from '../../src/store/codecs/record.js'
import { codeOf } from '../../src/store/codecs/recordCode.js'
import { readWholeRecord } from '../../src/store/codecs/recordRead.js'
import { writeRecord } from '../../src/store/codecs/recordWrite.js'
import { fieldsCodecOf } from '../../src/store/fields.js'
import { ValueTypeError } from '../../src/store/valueErrors.js'
import { checkGarbage, encoded, heedsRooms, same, texts } from '../kit/codecs.js'

type Row = Record<string, unknown>

const forms = ['boolean', 'int32', 'uint32', 'number', 'string'] as const

const members = {
  boolean: fc.boolean(),
  int32: fc.oneof(fc.integer(), fc.constantFrom(-1, 2 ** 31 - 1, -(2 ** 31))),
  uint32: fc.oneof(fc.nat(), fc.constantFrom(2 ** 31, 2 ** 32 - 1)),
  number: fc.double(),
  string: fc.oneof(texts, fc.string({ maxLength: 120 })),
}

function valuesOf(form: keyof typeof members): fc.Arbitrary<unknown> {
  return members[form]
}

const names = fc.uniqueArray(fc.oneof(fc.string(), fc.constantFrom('a', '1', 'a"b', '\u2028')), {
  minLength: 1,
  maxLength: 9,
  selector: (name) => name,
})

/** A layout with a row of it, and other values for some of its fields. */
const cases = names
  // Members that every object inherits are members, so an optional field of such a name is never absent.
  .filter((keys) => !keys.some((key) => key in {}))
  .chain((keys) =>
    fc.tuple(...keys.map((key) => fc.tuple(fc.constant(key), fc.constantFrom(...forms), fc.boolean()))),
  )
  .chain((fields) => {
    const rows = fc.tuple(
      ...fields.map(([key, form, isOptional]) =>
        fc.tuple(
          fc.constant(key),
          isOptional ? fc.option(valuesOf(form), { nil: undefined }) : valuesOf(form),
        ),
      ),
    )
    const picked = fc.subarray(
      fields.map(([key]) => key),
      { minLength: 1 },
    )
    return fc.record({ fields: fc.constant(fields), row: rows, other: rows, picked })
  })
  .map(({ fields, row, other, picked }) => ({
    types: Object.fromEntries(
      fields.map(([key, form, isOptional]) => [key, isOptional ? optional(form) : form]),
    ) as RecordFields,
    row: present(row),
    other: present(other),
    picked,
  }))

function present(entries: readonly (readonly [string, unknown])[]): Row {
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined))
}

function part(row: Row, picked: readonly string[]): Row {
  return Object.fromEntries(picked.filter((key) => Object.hasOwn(row, key)).map((key) => [key, row[key]]))
}

describe('code made for a record', () => {
  it('writes the same bytes as the general writer, and reads what the general reader does', () => {
    fc.assert(
      fc.property(cases, ({ types, row }) => {
        const layout = layoutOf(types)
        const code = codeOf(layout)!
        const [made, general] = [Buffer.alloc(8192), Buffer.alloc(8192)]
        const end = code.write(row, made, 5)
        expect(writeRecord(layout, row, general, 5)).toBe(end)
        expect(made.equals(general)).toBe(true)
        const read = code.read(made, 5, end)
        expect(same(read, readWholeRecord(layout, made, 5, end))).toBe(true)
        expect(Object.keys(read as Row)).toEqual(Object.keys(readWholeRecord(layout, made, 5, end) as Row))
      }),
      { numRuns: 500 },
    )
  })

  it('refuses what the general writer refuses, in the same words', () => {
    fc.assert(
      fc.property(
        cases,
        fc.constantFrom(null, 'x', 1.5, -1, {}, 2 ** 32),
        ({ types, row, picked }, wrong) => {
          const layout = layoutOf(types)
          const spoiled = { ...row, [picked[0]!]: wrong }
          const outcome = (write: () => unknown): unknown => {
            try {
              return write()
            } catch (error) {
              expect(error).toBeInstanceOf(ValueTypeError)
              return (error as Error).message
            }
          }
          expect(outcome(() => codeOf(layout)!.write(spoiled, Buffer.alloc(8192), 0))).toEqual(
            outcome(() => writeRecord(layout, spoiled, Buffer.alloc(8192), 0)),
          )
        },
      ),
    )
  })

  it('refuses rooms too small for it, and damaged bytes', () => {
    fc.assert(
      fc.property(cases, fc.nat(), fc.nat(255), ({ types, row, picked }, at, byte) => {
        const codec = record(types)
        expect(heedsRooms(codec, row as never)).toBe(true)
        const damaged = encoded(codec, row as never)
        if (damaged.length > 0) damaged[at % damaged.length] = byte
        checkGarbage(codec, damaged)
        const fields = fieldsCodecOf<Row>(codec, picked)
        checkGarbage({ ...fields, name: 'fields', encode: () => 0 }, damaged)
      }),
      { numRuns: 200 },
    )
  })
})

describe('some fields of a record', () => {
  it('are read as from the whole', () => {
    fc.assert(
      fc.property(cases, ({ types, row, picked }) => {
        const bytes = encoded(record(types), row as never)
        const fields = fieldsCodecOf<Row>(record(types) as never, picked)
        expect(same(fields.decode(bytes, 0, bytes.length), part(row, picked))).toBe(true)
      }),
      { numRuns: 500 },
    )
  })

  it('are replaced as if the whole were written anew', () => {
    fc.assert(
      fc.property(cases, fc.nat(40), ({ types, row, other, picked }, more) => {
        const codec = record(types)
        const expected = { ...row }
        for (const key of picked) {
          if (Object.hasOwn(other, key)) expected[key] = other[key]
          else delete expected[key]
        }
        const before = encoded(codec, row as never)
        const after = encoded(codec, expected as never)
        const fields = fieldsCodecOf<Row>(codec, picked)
        const start = 8
        const first = fields.isInPlace ? start : (start + before.length + 3) & ~3
        const target = Buffer.alloc(first + after.length + more, 0xee)
        before.copy(target, start)
        const end = fields.patch(other, target, start, start + before.length)
        expect(end).toBe(first + after.length)
        expect(target.subarray(first, end).equals(after)).toBe(true)

        const tight = Buffer.alloc(first + after.length - 1)
        before.copy(tight, start)
        if (fields.isInPlace) return
        const tightEnd = fields.patch(other, tight, start, start + before.length)
        expect(tightEnd < 0 || tightEnd > tight.length).toBe(true)
      }),
      { numRuns: 500 },
    )
  })
})

it('records work where no code may be made from text', async () => {
  const program = `
    import { open, optional, record } from 'tidemark'
    const store = await open({ name: 'no-code' })
    const rows = store.table('rows', { codec: record({ id: 'int32', name: 'string', note: optional('number') }) })
    const notes = rows.pick('note')
    store.transactionSync((tx) => tx.put(rows, 1, { id: 1, name: 'one' }))
    store.transactionSync((tx) => tx.patch(notes, 1, { note: 2.5 }))
    const found = store.snapshot((tx) => [tx.get(rows, 1), tx.get(notes, 1)])
    await store.close()
    console.log(JSON.stringify(found))`
  const { stdout } = await promisify(execFile)(process.execPath, [
    '--disallow-code-generation-from-strings',
    '--input-type=module',
    '--eval',
    program,
  ])
  expect(JSON.parse(stdout)).toEqual([{ id: 1, name: 'one', note: 2.5 }, { note: 2.5 }])
})
