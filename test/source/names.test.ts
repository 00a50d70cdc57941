import { expect, test } from 'vitest'
import { staleNames } from './names.js'
import { parseSource, readSources } from './sources.js'

test('every name that a comment quotes is in the code', () => {
  expect(staleNames(readSources(['src', 'bench']))).toEqual([])
})

test('a quoted name that no code has is found', () => {
  const planted = parseSource(
    'src/a.ts',
    '/** Sets `count`, not `counter`. */\nlet count = 1 // see `this.total` and `grow(n)`',
  )
  expect(staleNames([planted])).toEqual([
    'src/a.ts:1: `counter` is in no code any more',
    'src/a.ts:2: `this.total` is in no code any more',
    'src/a.ts:2: `grow(n)` is in no code any more',
  ])
})

test('names from other files, strings, the language and its library are known', () => {
  const planted = [
    parseSource(
      'src/a.ts',
      '// `Tuple.own()` with `optimistic` in `const`, `undefined`, `Atomics.notify`, `a + b`',
    ),
    parseSource('src/b.ts', `class Tuple { own() { return 'optimistic' } }`),
  ]
  expect(staleNames(planted)).toEqual([])
})
