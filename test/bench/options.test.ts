import { describe, expect, test } from 'vitest'
import { UsageError } from '../../bench/command/options.js'
import { readOptions } from '../../bench/ycsb/options.js'
import type { RunSettings } from '../../bench/ycsb/settings.js'

function onlyRun(...args: string[]): RunSettings {
  const { groups } = readOptions(args)
  expect(groups.flat().length).toBe(1)
  return groups[0]![0]!
}

describe('readOptions', () => {
  test('without options: the transactional variant with four reads at theta 0.8 on a million records', () => {
    expect(onlyRun()).toEqual({
      target: 'tidemark',
      workload: 'txn',
      threads: 1,
      longReaders: 0,
      records: 1_000_000,
      seconds: 5,
      warmup: 2,
      seed: 1,
      skew: 0.8,
      value: 'string',
      keys: 'integer',
      readFields: 'all',
      operationsPerTransaction: 4,
      readRatio: 100,
      api: 'transaction',
      memoryLimitBytes: undefined,
      directory: undefined,
      inFlight: 1,
      history: undefined,
    })
  })

  test('a core workload has string keys, ten fields and theta 0.99', () => {
    expect(onlyRun('--workload', 'a')).toMatchObject({
      workload: 'a',
      keys: 'string',
      value: 'fields',
      skew: 0.99,
    })
  })

  test('every option is taken, with = or a space', () => {
    const args =
      '--threads=2 --seconds .5 --warmup 0 --records 1000 --theta uniform --keys string --ops-per-txn 1'
    const more = '--read-ratio 0 --long-readers 1 --api snapshot --memory-limit 1.5GiB --seed 9'
    expect(onlyRun(...args.split(' '), ...more.split(' '))).toMatchObject({
      threads: 2,
      seconds: 0.5,
      warmup: 0,
      records: 1000,
      skew: 'uniform',
      keys: 'string',
      operationsPerTransaction: 1,
      readRatio: 0,
      longReaders: 1,
      api: 'snapshot',
      memoryLimitBytes: 1.5 * 2 ** 30,
      seed: 9,
    })
    expect(onlyRun('--workload', 'f', '--value', 'string', '--read-fields', 'one')).toMatchObject({
      value: 'string',
      readFields: 'one',
    })
    expect(onlyRun('--read-ratio', 'scan').readRatio).toBe('scan')
    expect(readOptions(['--json', 'out.json']).json).toBe('out.json')
  })

  test('lists make a group for each workload and a run for each number of threads', () => {
    const { groups } = readOptions([
      '--workload',
      'A,txn',
      '--threads',
      '1, 2',
      '--ops-per-txn',
      '1',
      '--value',
      'string',
    ])
    expect(groups.map((group) => group.map(({ workload, threads }) => [workload, threads]))).toEqual([
      [
        ['a', 1],
        ['a', 2],
      ],
      [
        ['txn', 1],
        ['txn', 2],
      ],
    ])
  })

  test.each([
    ['--threads 0', "--threads must be a whole number from 1 to 256, not '0'"],
    ['--threads 1,x', "--threads must be a whole number from 1 to 256, not 'x'"],
    ['--threads 1,', "--threads must be a whole number from 1 to 256, not ''"],
    ['--threads', '--threads needs a value'],
    ['--threads=', '--threads needs a value'],
    ['--json --threads', '--json needs a value'],
    ['--seconds 0', "--seconds must be a number from 0.05 to 86400, not '0'"],
    ['--seconds ten', "--seconds must be a number from 0.05 to 86400, not 'ten'"],
    ['--warmup=-1', "--warmup must be a number from 0 to 3600, not '-1'"],
    ['--records 0', "--records must be a whole number from 1 to 1000000000, not '0'"],
    ['--records 1e6', "--records must be a whole number from 1 to 1000000000, not '1e6'"],
    ['--workload z', "--workload must be txn, a, b, c, d, e, f or a list of these, not 'z'"],
    ['--theta 3', "--theta must be a number from 0 to 2 or 'uniform', not '3'"],
    ['--theta flat', "--theta must be a number from 0 to 2 or 'uniform', not 'flat'"],
    ['--keys uuid', "--keys must be integer or string, not 'uuid'"],
    ['--workload a --value blob', "--value must be fields or string, not 'blob'"],
    ['--workload a --read-fields two', "--read-fields must be one or all, not 'two'"],
    ['--read-ratio 101', "--read-ratio must be a whole number from 0 to 100 or 'scan', not '101'"],
    ['--ops-per-txn 0', "--ops-per-txn must be a whole number from 1 to 10000, not '0'"],
    ['--long-readers x', "--long-readers must be a whole number from 0 to 256, not 'x'"],
    ['--api direct', "--api must be transaction or snapshot, not 'direct'"],
    ['--memory-limit lots', "--memory-limit must be a size such as 512MiB or 4GiB, not 'lots'"],
    ['--memory-limit 0', "--memory-limit must be a size such as 512MiB or 4GiB, not '0'"],
    ['--seed -', "--seed must be a whole number from 0 to 9007199254740991, not '-'"],
    ['--thread 2', 'unknown option --thread'],
    ['-t 2', 'unknown option -t'],
    ['--no-json', 'unknown option --no-json'],
    ['a', "unexpected argument 'a'"],
    ['--workload a --ops-per-txn 4', '--ops-per-txn is for the workload txn only'],
    ['--workload a --long-readers 1', '--long-readers is for the workload txn only'],
    ['--value string', '--value is for the workloads a to f only'],
    ['--read-ratio scan --ops-per-txn 4', '--ops-per-txn has no meaning with --read-ratio scan'],
  ])('%s is refused', (line, message) => {
    expect(() => readOptions(line.split(' '))).toThrow(UsageError)
    expect(() => readOptions(line.split(' '))).toThrow(message)
  })
})
