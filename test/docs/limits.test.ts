import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { memoryLimitMaxBytes, tableLimit } from '../../src/memory/layout.js'
import { maxValueBytes } from '../../src/mvcc/version.js'
import { maxKeyBytes } from '../../src/store/keys.js'
import { maxRetriesDefault, timeoutMsDefault } from '../../src/store/options.js'
import { siteLimit } from '../../src/tid/stamp.js'
import { root } from '../source/sources.js'

const mebibyte = 2 ** 20

test('the README states the limits that the code has', () => {
  const text = readFileSync(join(root, 'README.md'), 'utf8').replaceAll(/\s+/g, ' ')
  expect(text).toContain(`More than ${memoryLimitMaxBytes / 2 ** 30} GiB`)
  expect(text).toContain(`at most ${maxKeyBytes} bytes encoded`)
  expect(text).toContain(`a value just under ${Math.ceil(maxValueBytes / mebibyte)} MiB`)
  expect(text).toContain(`at most ${siteLimit} threads and ${tableLimit} tables`)
  expect(text).toContain(`\`maxRetries\` ${maxRetriesDefault}`)
  expect(text).toContain(`\`timeoutMs\` ${timeoutMsDefault.toLocaleString('en-US')}`)
})
