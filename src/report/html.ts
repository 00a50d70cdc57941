/**
 * Markup in which every text has been escaped. Only the tag `html` makes it, so what came out of a history or
 * a file name cannot become an element, an attribute or a script. SVG is written with it too.
 */
export class Html {
  readonly #markup: string

  private constructor(markup: string) {
    this.#markup = markup
  }

  /** @internal */
  static of(markup: string): Html {
    return new Html(markup)
  }

  toString(): string {
    return this.#markup
  }
}

/** `undefined` and `false` leave nothing, so that `condition && html...` reads well. */
export type HtmlValue = Html | string | number | undefined | false | readonly HtmlValue[]

export function html(parts: TemplateStringsArray, ...values: readonly HtmlValue[]): Html {
  let markup = parts[0] ?? ''
  values.forEach((value, i) => {
    markup += markupOf(value) + (parts[i + 1] ?? '')
  })
  return Html.of(markup)
}

function markupOf(value: HtmlValue): string {
  if (value === undefined || value === false) return ''
  if (value instanceof Html) return value.toString()
  if (typeof value === 'object') return value.map(markupOf).join('')
  return escaped(typeof value === 'number' ? String(value) : printable(value))
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

function escaped(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => entities[character] ?? character)
}

/**
 * Control characters, line and paragraph separators, and what turns the direction of text around. Shown as
 * they are they would colour a terminal, or make an explanation say something else than it does.
 */
const unprintable = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u061C\u200E\u200F\u202A-\u202E\u2066-\u2069\uFEFF]/gu

/** The text with everything that cannot be seen written as an escape, halves of surrogate pairs too. */
export function printable(text: string): string {
  return text.replaceAll(unprintable, (character) => {
    const code = character.codePointAt(0)!
    return code < 0x100 ? `\\x${hex(code, 2)}` : `\\u${hex(code, 4)}`
  })
}

function hex(code: number, digits: number): string {
  return code.toString(16).padStart(digits, '0')
}

/** Data for a script of the page. No text in it can end the element it stands in. */
export function dataElement(id: string, data: unknown): Html {
  const json = JSON.stringify(data).replaceAll('<', String.raw`\u003c`)
  return html`<script type="application/json" id="${id}">${Html.of(json)}</script>`
}
