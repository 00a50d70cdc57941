import { describe, expect, test } from 'vitest'
import type { NewOperation, Value } from '../../src/history/operation.js'
import { parseHistory } from '../../src/history/read.js'
import { operationToEdn, operationToJson } from '../../src/history/write.js'

const head = '"type":"invoke","process":0,"f":"txn"'

function valueOf(text: string): Value {
  return parseHistory(text).operation(0).value
}

describe('EDN', () => {
  test.each<[string, string, Value]>([
    ['keywords', '[[:append :x 1]]', [['append', 'x', 1]]],
    ['strings', '[["append" "x" 1]]', [['append', 'x', 1]]],
    [
      'lists as vectors',
      '((:r 1 (1 2)) [:append 1 3])',
      [
        ['r', 1, [1, 2]],
        ['append', 1, 3],
      ],
    ],
    [
      'nothing',
      '[[:r 1 nil] [:r 2 []]]',
      [
        ['r', 1, null],
        ['r', 2, []],
      ],
    ],
    ['whole numbers of any size', '[9007199254740993 -5N +7]', [9007199254740993n, -5, 7]],
    ['other numbers', '[-0.0 1e3 2.5M ##Inf]', [-0, 1000, 2.5, Infinity]],
    ['tagged values', '[#my/tag [:r #x 1 nil]]', [['r', 1, null]]],
    [
      'sets and maps',
      '{:a #{1 2}, 3 [4]}',
      new Map<Value, Value>([
        ['a', new Set([1, 2])],
        [3, [4]],
      ]),
    ],
    ['discarded and commented text', '[1 #_ [2 3] 4 ; five\n 6]', [1, 4, 6]],
    ['strings with escapes', '["a\\n\\u0041\\\\"]', ['a\nA\\']],
    ['characters and symbols', '[\\a \\newline foo/bar]', ['a', '\n', 'foo/bar']],
    ['text beyond ASCII', '[:ключ "ö"]', ['ключ', 'ö']],
  ])('reads %s', (_, text, value) => {
    expect(valueOf(`{:type :invoke, :process 0, :f :txn, :value ${text}}`)).toEqual(value)
  })

  test('reads records, one vector of all, and any order of keys', () => {
    const op = '#jepsen.history.Op{:process 3, :value nil, :type :invoke, :f :read, :extra {:a 1}}'
    expect([...parseHistory(`[${op}\n\n #jepsen.history.Op{:process 3 :type :info :f :read}]`)]).toEqual([
      { index: 0, type: 'invoke', process: 3, f: 'read', value: null, line: 1 },
      { index: 1, type: 'info', process: 3, f: 'read', value: null, line: 3 },
    ])
  })
})

describe('JSON', () => {
  test.each<[string, string, Value]>([
    [
      'transactions',
      '[["w","x",1],["r","x",[1,2]]]',
      [
        ['w', 'x', 1],
        ['r', 'x', [1, 2]],
      ],
    ],
    [
      'almost transactions',
      '[["w","x",1],["r","x"]]',
      [
        ['w', 'x', 1],
        ['r', 'x'],
      ],
    ],
    ['whole numbers of any size', '[9007199254740993,-12,1.5,1e2]', [9007199254740993n, -12, 1.5, 100]],
    ['strings with escapes', '["\\u0041\\n\\"",""]', ['A\n"', '']],
    ['objects', '{"a":{"b":[true,false,null]}}', new Map([['a', new Map([['b', [true, false, null]]])]])],
  ])('reads %s', (_, text, value) => {
    expect(valueOf(`{${head},"value":${text}}`)).toEqual(value)
  })

  test('reads an array of operations over many lines', () => {
    const history = parseHistory(`[\n {${head}, "value": 1},\n {"process":0,"type":"ok"} ]`)
    expect([...history].map(({ type, line }) => [type, line])).toEqual([
      ['invoke', 2],
      ['ok', 3],
    ])
  })
})

describe('malformed text is refused with its line and what was expected', () => {
  test.each([
    [`{${head}}\n{"type":"ok","process":0,"value":[1,]}`, 'history:2:37: expected a JSON value'],
    [`{${head}}\n{"type":"done","process":0}`, 'history:2:9: expected a type: invoke, ok, fail, info'],
    [`{${head}}\n\n{"type":"ok"}`, 'history:3:1: expected an operation with a process'],
    [`{"process":0}`, 'history:1:1: expected an operation with a type'],
    [
      `{${head}}\n17`,
      "history:2:1: expected an operation (a map with type, process, f and value), found '17'",
    ],
    [`{${head},"value":[1 2]}`, 'expected a comma or the end of an array'],
    [`{${head},"value":01}`, 'expected a JSON value'],
    [`{${head},"value":"x`, 'expected the end of a string'],
    ['{:type :invoke :process 0 :value [1 2}', "expected a value, found '}'"],
    ['{:type :invoke :process 0 :value [[:r 1 nil)]}', "expected a value, found ')]}'"],
    ['{:type :invoke :process 0 :value {1 2 3}}', 'expected a value for each key'],
    ['{:type :invoke :process 0 :value 1a}', 'expected a value'],
    ['{:type :invoke :process nil}', 'expected a process'],
    ['[{:type :invoke :process 0}', 'expected the end of the list of operations'],
    ['{:type :ok :process 0}', 'history:1: expected an invocation by process 0'],
  ])('%s', (text, message) => {
    expect(() => parseHistory(text)).toThrow(new RegExp(message.replaceAll(/[()[\]{}]/g, '\\$&')))
  })
})

test('what is written is read again, in both formats', () => {
  const operations: NewOperation[] = [
    {
      index: 0,
      time: 5,
      type: 'invoke',
      process: 0,
      f: 'txn',
      value: [
        ['append', 'k"ey', 1],
        ['r', 2, null],
      ],
    },
    { index: 1, time: 6, type: 'info', process: 'nemesis', f: 'kill', value: 'n 1' },
    {
      index: 2,
      type: 'ok',
      process: 0,
      f: 'txn',
      value: [
        ['append', 'k"ey', 1],
        ['r', 2, [1, 2]],
      ],
      tid: 2n ** 63n,
    },
    { index: 3, type: 'invoke', process: 1, f: 'strange name', value: [1, 2.5, true] },
    { index: 4, type: 'fail', process: 1, f: 'strange name', value: null, error: ['conflict', 3] },
  ]
  for (const write of [operationToJson, operationToEdn]) {
    const read = [...parseHistory(operations.map(write).join('\n'))]
    expect(read).toEqual(operations.map((operation, i) => ({ ...operation, line: i + 1 })))
  }
})
