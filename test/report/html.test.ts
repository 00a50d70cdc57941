import { describe, expect, test } from 'vitest'
import { dataElement, html, printable } from '../../src/report/html.js'
import { hostileTexts } from './hostile.js'

describe('html', () => {
  test('escapes texts, in elements and in attributes', () => {
    const text = `<a href="x" title='y'>&amp;`
    expect(String(html`<b title="${text}">${text}</b>`)).toBe(
      '<b title="&lt;a href=&quot;x&quot; title=&#39;y&#39;&gt;&amp;amp;">' +
        '&lt;a href=&quot;x&quot; title=&#39;y&#39;&gt;&amp;amp;</b>',
    )
  })

  test('keeps its own markup, and leaves nothing for what is absent', () => {
    expect(String(html`<ul>${[1, 2].map((n) => html`<li>${n}</li>`)}${undefined}${false}</ul>`)).toBe(
      '<ul><li>1</li><li>2</li></ul>',
    )
  })
})

test('data in a page says what it said, and cannot end its element', () => {
  for (const text of hostileTexts) {
    const element = String(dataElement('d', { text }))
    const body = /^<script type="application\/json" id="d">([^<]*)<\/script>$/.exec(element)?.[1]
    expect(JSON.parse(body ?? '')).toEqual({ text })
  }
})

test.each([
  ['plain: ä 漢 🙂', 'plain: ä 漢 🙂'],
  ['\u001B[31mred', String.raw`\x1b[31mred`],
  ['\u009B1m', String.raw`\x9b1m`],
  ['a\nb\u2028c', String.raw`a\x0ab\u2028c`],
  ['gnp\u202Eexe', String.raw`gnp\u202eexe`],
  ['half \uD83D', String.raw`half \ud83d`],
])('printable(%j)', (text, shown) => {
  expect(printable(text)).toBe(shown)
})
