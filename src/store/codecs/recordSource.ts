import { type Field, fixedBytes, kinds, type Layout, longText } from './recordLayout.js'

// The program text of readers and writers of one layout. They know where fields lie and what they are
// called, which `readWholeRecord` and `writeRecord` spend most of their time on finding out for every value.
// They handle the usual value; whatever else they meet, they leave to `slow`, which throws the errors.
//
// Of the user's, only names of fields get into the text, as string literals. The names that the text uses
// beside its own are those of `helpers`.

/** With more optional fields, members are added one by one, not in a literal for each combination. */
const literalOptionals = 3

/** Where the next field begins: at a variable, and behind fields of fixed size passed since it was set. */
class Place {
  readonly variable: string
  #passed: number

  constructor(variable: string, passed: number) {
    this.variable = variable
    this.#passed = passed
  }

  /** Passes over `bytes`, and answers where they begin. */
  pass(bytes: number): string {
    const from = this.#passed
    this.#passed += bytes
    return `${this.variable} + ${from}`
  }

  /** A statement after which the next field begins at the variable. */
  settle(): string {
    const passed = this.#passed
    this.#passed = 0
    return passed === 0 ? '' : `${this.variable} += ${passed}`
  }
}

/** A function of `source`, `start` and `end` that reads the fields of these names; or of all. */
export function readerSource(layout: Layout, names?: ReadonlySet<string>): string {
  const isWanted = ({ key }: Field): boolean => names === undefined || names.has(key)
  const fields = upToLast(layout, isWanted)
  const isTextAlone = fields.filter((field) => isWanted(field) && isText(field)).length < 2
  const at = new Place('p', layout.presenceBytes)
  const body = ['let p = start, b = 0, n = 0, whole']
  for (const [i, field] of fields.entries()) {
    const lines = isWanted(field) ? readField(field, i, at, isTextAlone) : skipField(field, 'source', at)
    if (isWanted(field)) body.push(`let v${i}`)
    if (field.presenceBit < 0) body.push(...lines())
    else body.push(at.settle(), `if (${presence('source', 'start', field)}) {`, ...lines(), at.settle(), '}')
  }
  body.push(at.settle(), `if (p ${names === undefined ? '!==' : '>'} end) return slow(source, start, end)`)
  body.push(...resultSource(fields, isWanted))
  return functionOf('source, start, end', body)
}

/** A function of `value`, `target` and `start` that writes all fields. Its answer may lie beyond `target`. */
export function writerSource({ fields, presenceBytes }: Layout): string {
  const slow = 'return slow(value, target, start)'
  const at = new Place('q', presenceBytes)
  const body = [`if (typeof value !== 'object' || value === null) ${slow}`, 'let q = start']
  for (let i = 0; i < presenceBytes; i++) body.push(`target[start + ${i}] = 0`)
  for (const [i, field] of fields.entries()) {
    body.push(valueSource(field, i))
    if (field.presenceBit < 0) body.push(...writeField(field, i, at, slow))
    else {
      body.push(at.settle(), `if (v${i} !== undefined) {`, setPresence('start', field))
      body.push(...writeField(field, i, at, slow), at.settle(), '}')
    }
  }
  return functionOf('value, target, start', [...body, at.settle(), 'return q'])
}

/** Whether the fields of these names can be written over, wherever else the record's fields lie. */
export function areInPlace(layout: Layout, names: ReadonlySet<string>): boolean {
  return upToLast(layout, ({ key }) => names.has(key)).every(
    (field) => !isText(field) && field.presenceBit < 0,
  )
}

/** A function of `value`, `target`, `start` and `end` that writes over fields that are `areInPlace`. */
export function overwriterSource(layout: Layout, names: ReadonlySet<string>): string {
  const slow = 'return slow(value, target, start, end)'
  const at = new Place('start', layout.presenceBytes)
  const body = [`if (typeof value !== 'object' || value === null) ${slow}`]
  for (const [i, field] of upToLast(layout, ({ key }) => names.has(key)).entries()) {
    if (names.has(field.key)) body.push(valueSource(field, i), ...writeField(field, i, at, slow))
    else at.pass(fixedBytes[field.form.kind]!)
  }
  const size = at.pass(0)
  return functionOf('value, target, start, end', [`if (${size} > end) ${slow}`, ...body, 'return end'])
}

/**
 * A function of `value`, `target`, `start` and `end` that writes a record with other values of the fields
 * behind the one that is there, from the next word on. Its answer may lie beyond `target`.
 */
export function patcherSource(layout: Layout, names: ReadonlySet<string>): string {
  const slow = 'return slow(value, target, start, end)'
  const at = new Place('p', layout.presenceBytes)
  const to = new Place('q', 0)
  const body = [
    `if (typeof value !== 'object' || value === null) ${slow}`,
    'const first = end + 3 & ~3',
    'let p = start, q = first, from = start, n = 0',
  ]
  for (const [i, field] of upToLast(layout, ({ key }) => names.has(key)).entries()) {
    const isOptional = field.presenceBit >= 0
    const isChanged = names.has(field.key)
    body.push(isChanged || isOptional ? at.settle() : '')
    if (isChanged) body.push(valueSource(field, i), 'q = copy(target, from, p, q)')
    if (isOptional) body.push(`if (${presence('target', 'start', field)}) {`)
    body.push(...skipField(field, 'target', at)())
    if (isOptional) body.push(at.settle(), '}')
    if (!isChanged) continue
    body.push(at.settle(), 'from = p')
    if (isOptional) body.push(clearPresence('first', field), `if (v${i} !== undefined) {`)
    if (isOptional) body.push(setPresence('first', field))
    body.push(...writeField(field, i, to, slow), to.settle(), isOptional ? '}' : '')
  }
  body.push(`if (p > end) ${slow}`, 'return copy(target, from, end, q)')
  return functionOf('value, target, start, end', body)
}

function functionOf(parameters: string, body: readonly string[]): string {
  return `return (${parameters}) => {\n${body.filter((line) => line !== '').join('\n')}\n}`
}

function upToLast({ fields }: Layout, isWanted: (field: Field) => boolean): Field[] {
  return fields.slice(0, 1 + fields.findLastIndex(isWanted))
}

function isText({ form }: Field): boolean {
  return form.kind === kinds.string
}

function readField({ form }: Field, i: number, at: Place, isTextAlone: boolean): () => string[] {
  const bytes = fixedBytes[form.kind]
  if (bytes === undefined) return () => [at.settle(), ...readText(`v${i}`, isTextAlone)]
  return () => {
    const from = at.pass(bytes)
    if (form.kind === kinds.boolean) return [`v${i} = source[${from}] === 1`]
    if (form.kind === kinds.int32) return [`v${i} = ${wordSource(from)}`]
    if (form.kind === kinds.uint32) return [`v${i} = (${wordSource(from)}) >>> 0`]
    return [
      `words[upper] = ${wordSource(from)}`,
      `words[lower] = ${wordSource(`${from} + 4`)}`,
      `v${i} = asFloat[0]`,
    ]
  }
}

function readText(value: string, isAlone: boolean): string[] {
  const byItself = `${value} = getText(b & 3, source, p, p + n)`
  return [
    'b = source[p++]',
    'n = b >> 2',
    `if (n === ${longText}) { n = getWord(source, p) >>> 0; p += 4 }`,
    'if (p + n > end) return slow(source, start, end)',
    // Texts beside others are parts of one string: see `wholeBytesMax`.
    isAlone
      ? byItself
      : `if ((b & 3) === 0 && n > shortText && end - start <= wholeBytesMax) {
whole ??= latin1(source, start, end)
${value} = whole.slice(p - start, p - start + n)
} else ${byItself}`,
    `if (${value} === undefined) return slow(source, start, end)`,
    'p += n',
  ]
}

function skipField({ form }: Field, buffer: string, at: Place): () => string[] {
  const bytes = fixedBytes[form.kind]
  if (bytes === undefined) {
    const long = `4 + (getWord(${buffer}, p) >>> 0)`
    return () => [at.settle(), `n = ${buffer}[p++] >> 2`, `p += n === ${longText} ? ${long} : n`]
  }
  return () => {
    at.pass(bytes)
    return []
  }
}

function wordSource(from: string): string {
  const [a, b, c, d] = [0, 1, 2, 3].map((i) => `source[${from} + ${i}]`)
  return `${a} << 24 | ${b} << 16 | ${c} << 8 | ${d}`
}

function presence(buffer: string, start: string, { presenceBit }: Field): string {
  return `(${buffer}[${start} + ${presenceBit >> 3}] & ${1 << (presenceBit & 7)}) !== 0`
}

function setPresence(start: string, { presenceBit }: Field): string {
  return `target[${start} + ${presenceBit >> 3}] |= ${1 << (presenceBit & 7)}`
}

function clearPresence(start: string, { presenceBit }: Field): string {
  return `target[${start} + ${presenceBit >> 3}] &= ${0xff & ~(1 << (presenceBit & 7))}`
}

function valueSource({ key }: Field, i: number): string {
  return `const v${i} = value[${JSON.stringify(key)}]`
}

function writeField({ form }: Field, i: number, at: Place, slow: string): string[] {
  const value = `v${i}`
  const bytes = fixedBytes[form.kind]
  if (bytes === undefined)
    return [
      `if (typeof ${value} !== 'string') ${slow}`,
      at.settle(),
      `${at.variable} = writeText(${value}, target, ${at.variable})`,
    ]
  const from = at.pass(bytes)
  switch (form.kind) {
    case kinds.boolean:
      return [`if (typeof ${value} !== 'boolean') ${slow}`, `target[${from}] = ${value} ? 1 : 0`]
    case kinds.int32:
      return [`if ((${value} | 0) !== ${value}) ${slow}`, ...putWordSource(value, from)]
    case kinds.uint32:
      return [`if (${value} >>> 0 !== ${value}) ${slow}`, ...putWordSource(value, from)]
    default:
      return [
        `if (typeof ${value} !== 'number') ${slow}`,
        `asFloat[0] = ${value}`,
        `const u${i} = words[upper], l${i} = words[lower]`,
        ...putWordSource(`u${i}`, from),
        ...putWordSource(`l${i}`, `${from} + 4`),
      ]
  }
}

function putWordSource(word: string, from: string): string[] {
  return [24, 16, 8, 0].map((shift, i) => `target[${from} + ${i}] = ${word} >>> ${shift}`)
}

/** Returns an object of the fields read. An optional one that is absent is not a member of it. */
function resultSource(fields: readonly Field[], isWanted: (field: Field) => boolean): string[] {
  const members = fields.flatMap((field, i) =>
    isWanted(field) ? [{ key: JSON.stringify(field.key), i, isOptional: field.presenceBit >= 0 }] : [],
  )
  const optionals = members.filter(({ isOptional }) => isOptional)
  if (optionals.length <= literalOptionals) return [`return ${literalSource(members)}`]
  const firstOptional = members.indexOf(optionals[0]!)
  const body = [`const record = ${literalSource(members.slice(0, firstOptional))}`]
  for (const { key, i, isOptional } of members.slice(firstOptional))
    body.push(`${isOptional ? `if (v${i} !== undefined) ` : ''}record[${key}] = v${i}`)
  return [...body, 'return record']
}

interface Member {
  readonly key: string
  readonly i: number
  readonly isOptional: boolean
}

/** A literal of the members; before the first optional one that is undecided, a choice of two. */
function literalSource(members: readonly Member[]): string {
  const undecided = members.find(({ isOptional }) => isOptional)
  if (undecided === undefined) return `{ ${members.map(({ key, i }) => `${key}: v${i}`).join(', ')} }`
  const without = members.filter((member) => member !== undecided)
  const withIt = members.map((member) => (member === undecided ? { ...member, isOptional: false } : member))
  return `v${undecided.i} === undefined ? ${literalSource(without)} : ${literalSource(withIt)}`
}
