import { createHash } from 'node:crypto'
import { html, Html } from './html.js'
import { pageScript, type PageScript } from './pageScript.js'
import { shellStyle } from './shellStyle.js'

export interface Page {
  readonly title: string
  /** Rules beside those that every page has. */
  readonly style: string
  readonly script: PageScript
  readonly header: Html
  readonly main: Html
  readonly footer: Html
}

/**
 * One self-contained file. Its policy allows the one script and the one style sheet written here, by their
 * hashes, and nothing from anywhere else: even markup that slipped in could neither run nor load anything.
 */
export function renderPage(page: Page): string {
  const style = shellStyle + page.style
  const script = pageScript(page.script)
  const policy = [
    "default-src 'none'",
    `style-src '${sourceHash(style)}'`,
    `script-src '${sourceHash(script)}'`,
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ')
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<title>${page.title}</title>
<style>${Html.of(style)}</style>
</head>
<body>
<header class="top"><div class="brand">${logo}Tidemark</div>${page.header}${themeButton}</header>
<main>${page.main}</main>
<footer>${page.footer}</footer>
<script>${Html.of(script)}</script>
</body>
</html>
`.toString()
}

function sourceHash(text: string): string {
  return `sha256-${createHash('sha256').update(text).digest('base64')}`
}

/** Two waves below a line: the mark of the tide. */
const logo = html`<svg class="logo" viewBox="0 0 24 24" width="22" height="22" aria-hidden="true">
<path d="M3 6h18M2 13c3-3 5-3 7 0s4 3 7 0 4-3 6-1M2 19c3-3 5-3 7 0s4 3 7 0 4-3 6-1"/></svg>`

const themeButton = html`<button id="theme" class="quiet" type="button" hidden
title="Colours: as the system has them, light, or dark">Theme: auto</button>`
