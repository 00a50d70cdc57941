// What each codec takes per value, in and out of shared memory. Each call measured does a thousand values, so
// that the clock is no part of the result; the checksum shows that the work was done.
import {
  arrayOf,
  bytes,
  json,
  msgpack,
  optional,
  type RecordValue,
  record,
  string,
  type ValueCodec,
} from 'tidemark'
import { Bench } from 'tinybench'
import { type Measurement, runAsProgram } from './sides.js'

const valuesPerCall = 1000
const distinct = 64

const accountFields = {
  id: 'int32',
  name: 'string',
  email: 'string',
  age: 'int32',
  balance: 'number',
  active: 'boolean',
  created: 'number',
  city: 'string',
  tags: arrayOf('string'),
  note: optional('string'),
} as const

type Account = RecordValue<typeof accountFields>

export interface CodecTime {
  readonly name: string
  readonly bytes: number
  readonly encodeNs: number
  readonly decodeNs: number
}

export async function measureCodecs(milliseconds: number): Promise<CodecTime[]> {
  return [
    await measure('string, 10 characters', string, (i) => textOf(10, i), milliseconds),
    await measure('string, 100 characters', string, (i) => textOf(100, i), milliseconds),
    await measure('string, 1000 characters', string, (i) => textOf(1000, i), milliseconds),
    await measure('string, 100 Latin-1 characters', string, (i) => `${textOf(99, i)}é`, milliseconds),
    await measure(
      'string, 100 Japanese characters',
      string,
      () => '日本語テキスト四'.repeat(13),
      milliseconds,
    ),
    await measure('bytes, 100', bytes, (i) => new Uint8Array(100).fill(i), milliseconds),
    await measure<number>('number in msgpack', msgpack, (i) => i * 1.5, milliseconds),
    await measure<string>('string in msgpack, 100 characters', msgpack, (i) => textOf(100, i), milliseconds),
    await measure('10 fields in record', record(accountFields), accountOf, milliseconds),
    await measure<Account>('10 fields in msgpack', msgpack, accountOf, milliseconds),
    await measure<Account>('10 fields in json', json, accountOf, milliseconds),
  ]
}

async function measure<V>(
  name: string,
  codec: ValueCodec<V>,
  valueOf: (i: number) => V,
  milliseconds: number,
): Promise<CodecTime> {
  const values = Array.from({ length: distinct }, (_, i) => valueOf(i))
  const memory = Buffer.from(new SharedArrayBuffer(distinct << 12))
  const ends = values.map((value, i) => codec.encode(value, memory, i << 12))
  const bench = new Bench({ time: milliseconds, warmupTime: milliseconds / 4 })
  let checksum = 0
  bench.add('encode', () => {
    for (let i = 0; i < valuesPerCall; i++) {
      const which = i % distinct
      checksum += codec.encode(values[which] as V, memory, which << 12)
    }
  })
  bench.add('decode', () => {
    for (let i = 0; i < valuesPerCall; i++) {
      const which = i % distinct
      if (codec.decode(memory, which << 12, ends[which] as number) !== undefined) checksum++
    }
  })
  await bench.run()
  if (checksum === 0) throw new Error(`${name}: nothing was encoded`)
  const [encodeNs, decodeNs] = bench.tasks.map((task) => {
    if (!('latency' in task.result)) throw new Error(`${name}: ${task.name} did not finish`)
    return (task.result.latency.p50 * 1e6) / valuesPerCall
  }) as [number, number]
  return { name, bytes: ends[0] as number, encodeNs, decodeNs }
}

function textOf(length: number, i: number): string {
  return Array.from({ length }, (_, at) => String.fromCharCode(97 + ((i * 7 + at * 3) % 26))).join('')
}

function accountOf(i: number): Account {
  return {
    id: i + 100_000,
    name: `user name ${i}`,
    email: `user${i}@example.com`,
    age: 20 + (i % 50),
    balance: i * 1.37 + 0.5,
    active: i % 2 === 0,
    created: 1.7e12 + i,
    city: 'Zurich',
    tags: ['alpha', 'beta', 'gamma'],
    note: `a slightly longer note about user ${i}`,
  }
}

function printed(times: readonly CodecTime[]): string {
  const head = `${'value'.padEnd(36)}${'bytes'.padStart(7)}${'encode ns'.padStart(11)}${'decode ns'.padStart(11)}`
  const lines = times.map(
    ({ name, bytes: size, encodeNs, decodeNs }) =>
      name.padEnd(36) +
      String(size).padStart(7) +
      encodeNs.toFixed(1).padStart(11) +
      decodeNs.toFixed(1).padStart(11),
  )
  return [head, ...lines].join('\n')
}

function measurementsOf(times: readonly CodecTime[]): Measurement[] {
  return times.flatMap(({ name, encodeNs, decodeNs }) => [
    [`encode ${name}`, encodeNs],
    [`decode ${name}`, decodeNs],
  ])
}

await runAsProgram(import.meta.url, measureCodecs, { table: printed, measurements: measurementsOf })
