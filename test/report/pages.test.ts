import { describe, expect, test } from 'vitest'
import { renderBenchReport, renderVerdictPage } from 'tidemark/report'
import { historyOf } from '../../src/history/builder.js'
import type { NewOperation } from '../../src/history/operation.js'
import { measurementsOf } from '../../src/report/benchResults.js'
import { historyData } from '../../src/report/historyData.js'
import { verdictText } from '../../src/report/verdictText.js'
import { benchFixture } from './benchFixture.js'
import { hostileOperations, hostileVerdict } from './hostile.js'

const history = historyOf(hostileOperations) as unknown as never

describe.each([
  ['verdicts', () => renderVerdictPage([{ verdict: hostileVerdict, history }, { verdict: hostileVerdict }])],
  ['benchmarks', () => renderBenchReport(benchFixture)],
])('the page of %s', (_, render) => {
  const page = render()

  const elements = page
    .replaceAll(/(<script[^>]*>|<style>)[^]*?(<\/script>|<\/style>)/g, '$1$2')
    .match(/<[a-z][^>]*>/gi)
  const attributes = (elements ?? []).flatMap((element) => [...element.matchAll(/\s([\w:-]+)="([^"]*)"/g)])

  test('asks for nothing from elsewhere', () => {
    const names = new Set(attributes.map(([, name]) => name))
    const loading = ['src', 'srcset', 'action', 'data', 'poster', 'xlink:href', 'style']
    expect(loading.filter((name) => names.has(name))).toEqual([])
    const links = attributes.filter(([, name]) => name === 'href').map(([, , value]) => value ?? '')
    expect(links.length).toBeGreaterThan(0)
    expect(links.filter((link) => !link.startsWith('#'))).toEqual([])
    expect(page.match(/\burl\(|@import|\bfetch\(|XMLHttpRequest|\bimport\(/gi)).toBeNull()
    const policy = attributes.find(([, name, value]) => name === 'content' && value?.includes('default-src'))
    expect(policy?.[2]).toContain('default-src &#39;none&#39;; style-src &#39;sha256-')
  })

  test('has no element or attribute that a text brought along', () => {
    expect(page.match(/<img|<svg onload|<script>window/gi)).toBeNull()
    expect(page.match(/<script>/g)).toHaveLength(1)
    expect(attributes.filter(([, name]) => name?.startsWith('on'))).toEqual([])
  })
})

test('a verdict on a terminal brings no control character along', () => {
  const text = verdictText(hostileVerdict, { columns: 80, casesPerType: 9, tone: (_, plain) => plain })
  expect(text.match(/[^\P{Cc}\n]/u)).toBeNull()
  expect(text).not.toContain('\u202E')
  expect(text.split('\n').length).toBeGreaterThan(50)
})

describe('a history too long for a page', () => {
  const operations = Array.from({ length: 1000 }, (_, i): NewOperation[] => [
    { type: 'invoke', process: 0, f: 'txn', value: [['r', i, null]] },
    { type: 'ok', process: 0, f: 'txn', value: [['r', i, 1]] },
  ]).flat()
  const long = historyOf(operations)

  test('keeps the calls around the anomalies', () => {
    const involved = new Map([[1000, ['a']]])
    const { calls, total } = historyData(long, involved, 101)
    expect(total).toBe(1000)
    expect(calls.map(([index]) => index)).toEqual(Array.from({ length: 101 }, (_, i) => 900 + 2 * i))
    expect(calls.filter((call) => call[8].length > 0).map(([index]) => index)).toEqual([1000])
  })

  test('keeps its beginning when there are none', () => {
    expect(historyData(long, new Map(), 3).calls.map((call) => call[7])).toEqual(['r 0 1', 'r 1 1', 'r 2 1'])
  })
})

test('rounds of one measurement give their median and spread', () => {
  const [first] = measurementsOf(benchFixture.results)
  expect(first).toMatchObject({ target: 'tidemark', threads: 1, rounds: 3 })
  expect(first).toMatchObject({ committedPerSecond: 110_000, least: 100_000, most: 120_000 })
})

test('a report of no results is still a page', () => {
  expect(renderBenchReport({ ...benchFixture, results: [] })).toContain('</html>')
})
