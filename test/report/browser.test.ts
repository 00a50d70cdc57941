import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { checkHistory } from 'tidemark/check'
import { historyOf, type NewOperation, type Value } from 'tidemark/history'
import { renderBenchReport, renderVerdictPage } from 'tidemark/report'
import { Browser, browserPath } from '../kit/browser.js'
import { benchFixture } from './benchFixture.js'
import { hostileOperations, hostileVerdict } from './hostile.js'

const path = browserPath()
const desktop = { width: 1280, height: 900 } as const
const narrow = { width: 400, height: 800 } as const
const transactions = 10_000

/** Five processes append in turn; at two places a pair of transactions misses each other's writes. */
function longHistory(): NewOperation[] {
  const operations: NewOperation[] = []
  const lists = new Map<number, number[]>()
  const add = (time: number, process: number, steps: Value): void => {
    operations.push({ type: 'invoke', process, f: 'txn', value: steps, time: time * 1000 })
    operations.push({ type: 'ok', process, f: 'txn', value: steps, time: time * 1000 + 900 })
  }
  for (let i = 0; i < transactions - 5; i += 1) {
    const key = i >> 4
    const list = lists.get(key) ?? []
    add(i, i % 5, [
      ['r', key, [...list]],
      ['append', key, i],
    ])
    lists.set(key, [...list, i])
  }
  for (const pair of [0, 1]) {
    const [a, b] = [`skew-${pair}-a`, `skew-${pair}-b`]
    const time = transactions + pair * 4
    const steps = [
      [
        ['r', a, []],
        ['append', b, 1],
      ],
      [
        ['r', b, []],
        ['append', a, 1],
      ],
    ]
    for (const type of ['invoke', 'ok'] as const) {
      for (const [process, value] of steps.entries()) {
        operations.push({
          type,
          process,
          f: 'txn',
          value,
          time: (time + (type === 'ok' ? 2 : process)) * 1000,
        })
      }
    }
  }
  const read = [
    ['r', 'skew-0-a', [1]],
    ['r', 'skew-0-b', [1]],
    ['r', 'skew-1-a', [1]],
    ['r', 'skew-1-b', [1]],
  ]
  add(transactions + 20, 2, read)
  return operations
}

describe.skipIf(path === undefined)('in a browser', () => {
  let folder = ''
  let browser: Browser
  const at = (name: string): string => join(folder, name)

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tidemark-pages-'))
    const history = historyOf(longHistory())
    const verdict = checkHistory(history, { workload: 'list-append' })
    await writeFile(
      at('verdict.html'),
      renderVerdictPage([{ verdict: { ...verdict, file: 'long.jsonl' }, history }]),
    )
    const hostile = { verdict: hostileVerdict, history: historyOf(hostileOperations) }
    await writeFile(at('hostile.html'), renderVerdictPage([hostile, { verdict: hostileVerdict }]))
    await writeFile(at('bench.html'), renderBenchReport(benchFixture))
    browser = await Browser.start(path!)
  }, 60_000)

  afterAll(async () => {
    await browser?.close()
    await rm(folder, { recursive: true, force: true })
  })

  async function open(name: string): Promise<void> {
    await browser.look(desktop)
    await browser.open(at(name))
  }

  /** The page asked for itself alone, and nothing went wrong in it. */
  function expectQuiet(name: string): void {
    expect(browser.problems).toEqual([])
    expect(browser.requests).toEqual([pathToFileURL(at(name)).href])
  }

  const text = async (selector: string): Promise<string> =>
    await browser.evaluate(`document.querySelector(${JSON.stringify(selector)})?.textContent ?? ''`)
  const count = async (selector: string): Promise<number> =>
    await browser.evaluate(`document.querySelectorAll(${JSON.stringify(selector)}).length`)
  const settled = async (): Promise<void> =>
    await browser.evaluate('new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))')

  test('a verdict of 10,000 transactions shows its anomalies, and each edge its evidence', async () => {
    await open('verdict.html')
    expect(await text('.verdict .word')).toBe('Invalid')
    expect(await count('.anomaly')).toBe(2)
    await browser.point('.anomaly .edge text')
    expect(await count('.evidence .lit')).toBe(1)
    const evidence = await text('.evidence .lit')
    expect(evidence).toContain('T1')
    expect(await text('.tip')).toContain(await text('.edge.lit text').then((label) => label.split(' ')[0]!))
    await browser.evaluate(`document.querySelector('.edge').focus()`)
    await browser.press('Enter')
    await browser.evaluate('document.activeElement.blur()')
    expect(await count('.edge.lit')).toBe(1)
    expectQuiet('verdict.html')
  })

  test('its filter leaves the anomalies of one type', async () => {
    await open('verdict.html')
    const type = await browser.evaluate<string>(`document.querySelector('.anomaly').dataset.type`)
    const others = `[...document.querySelectorAll('.anomaly')].filter((one) => !one.hidden && one.dataset.type !== ${JSON.stringify(type)}).length`
    await browser.evaluate(`document.querySelector('.anomaly').dataset.type = 'another'`)
    await browser.point(`[data-filter="${type}"]`, { click: true })
    expect(await browser.evaluate(`document.querySelector('.anomaly').hidden`)).toBe(true)
    expect(await browser.evaluate(others)).toBe(0)
    await browser.point('[data-filter=""]', { click: true })
    expect(await count('.anomaly:not([hidden])')).toBe(2)
  })

  test('its search finds a transaction, and an anomaly leads to its lines', async () => {
    await open('verdict.html')
    expect(await text('.found')).toBe('10,000 of 10,000')
    expect(await count('.row')).toBeLessThan(60)
    await browser.point('input[type=search]', { click: true })
    await browser.type('append 3 50')
    expect(await text('.found')).toBe('1 of 10,000')
    await browser.press('Enter')
    expect(await text('.chosen')).toContain('append 3 50')
    await browser.point('.anomaly button.call', { click: true })
    expect(await text('.row[aria-selected=true]')).toContain('skew-')
    expect(await text('.chosen')).toContain('Anomaly')
    expectQuiet('verdict.html')
  })

  test('its timeline is drawn, zooms and moves', async () => {
    await open('verdict.html')
    await browser.evaluate(`document.querySelector('.lanes').scrollIntoView()`)
    await settled()
    const picture = `document.querySelector('.lanes canvas').toDataURL()`
    const seen = [await browser.evaluate<string>(picture)]
    for (const key of ['+', 'ArrowRight', 'Home']) {
      await browser.evaluate(`document.querySelector('.lanes').focus()`)
      await browser.press(key)
      await settled()
      seen.push(await browser.evaluate<string>(picture))
    }
    expect(new Set(seen).size).toBe(4)
    await browser.point('[data-zoom=out]', { click: true })
    expectQuiet('verdict.html')
  })

  test('hostile texts stay texts', async () => {
    await open('hostile.html')
    await browser.point('.anomaly .edge text')
    await browser.point('.anomaly button.call', { click: true })
    await settled()
    expect(await browser.evaluate('typeof window.hacked')).toBe('undefined')
    expect(await count('img, iframe, object, embed, link, base, form')).toBe(0)
    expect(await text('.chosen')).toContain('</script>')
    expectQuiet('hostile.html')
  })

  test.each(['verdict.html', 'hostile.html', 'bench.html'])(
    '%s fits any screen, light, dark and on paper',
    async (name) => {
      await browser.open(at(name))
      const pictures = new Set<string>()
      for (const size of [desktop, narrow]) {
        for (const scheme of ['light', 'dark'] as const) {
          await browser.look({ ...size, scheme })
          await settled()
          const overflow = `document.documentElement.scrollWidth - document.documentElement.clientWidth`
          expect(await browser.evaluate<number>(overflow)).toBeLessThanOrEqual(0)
          const picture = await browser.screenshot(at(`${name}-${size.width}-${scheme}.png`))
          expect(picture.length).toBeGreaterThan(5000)
          pictures.add(picture.toString('base64'))
        }
      }
      expect(pictures.size).toBe(4)
      expect((await browser.pdf()).subarray(0, 5).toString()).toBe('%PDF-')
      expectQuiet(name)
    },
  )

  test('the theme button goes from the system to light to dark', async () => {
    await open('bench.html')
    const ground = async (): Promise<string> =>
      await browser.evaluate('getComputedStyle(document.body).backgroundColor')
    const light = await ground()
    await browser.point('#theme', { click: true })
    expect(await ground()).toBe(light)
    await browser.point('#theme', { click: true })
    expect(await text('#theme')).toBe('Theme: dark')
    expect(await ground()).not.toBe(light)
    await browser.point('#theme', { click: true })
  })

  test('a benchmark report has its charts', async () => {
    await open('bench.html')
    for (const id of ['throughput', 'latency', 'scaling', 'contention', 'memory']) {
      expect(await count(`#${id} svg.chart`)).toBeGreaterThan(0)
    }
    expect(await count('#numbers tbody tr')).toBe(15)
    expectQuiet('bench.html')
  })
})
