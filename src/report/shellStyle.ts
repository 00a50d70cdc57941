/**
 * The look that all pages share. Every colour is named once, light and dark together: `color-scheme` chooses,
 * which the theme button sets and paper forces to light.
 */
export const shellStyle = `
:root {
  color-scheme: light dark;
  --ground: light-dark(#f6f7f8, #14171a);
  --panel: light-dark(#ffffff, #1c2024);
  --sunken: light-dark(#eef0f2, #101315);
  --line: light-dark(#d9dde1, #343a40);
  --text: light-dark(#1b1f23, #e6e8ea);
  --dim: light-dark(#5b646d, #9aa4ad);
  --accent: light-dark(#0b62a8, #6cb6f5);
  --good: light-dark(#1a7f4b, #4cc38a);
  --bad: light-dark(#c0262d, #ff7b7b);
  --unsure: light-dark(#8a6100, #e8b339);
  --mono: ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace;
}
[data-theme=light] { color-scheme: light }
[data-theme=dark] { color-scheme: dark }
* { box-sizing: border-box }
html { font: 15px/1.5 system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', sans-serif; scroll-padding-top: 64px }
body { margin: 0; background: var(--ground); color: var(--text); overflow-wrap: anywhere }
main, footer { max-width: 1180px; margin: 0 auto; padding: 0 20px }
footer { color: var(--dim); font-size: 13px; padding-block: 24px 40px }
h1 { font-size: 26px; line-height: 1.25; margin: 0 }
h2 { font-size: 20px; line-height: 1.3; margin: 40px 0 12px }
h3 { font-size: 16px; margin: 0 }
p { margin: 8px 0; max-width: 78ch }
a { color: var(--accent) }
code, .mono { font-family: var(--mono); font-size: .92em }
.dim { color: var(--dim) }
.top { position: sticky; top: 0; z-index: 5; display: flex; align-items: center; gap: 16px; padding: 8px 20px;
  background: var(--panel); border-bottom: 1px solid var(--line) }
.top > nav { flex: 1; display: flex; gap: 4px 16px; flex-wrap: wrap; font-size: 14px }
.top > nav a { text-decoration: none }
.brand { display: flex; align-items: center; gap: 8px; font-weight: 600 }
.logo { fill: none; stroke: var(--accent); stroke-width: 2.2; stroke-linecap: round }
#theme { margin-left: auto }
button, input { font: inherit; color: inherit; background: var(--panel); border: 1px solid var(--line);
  border-radius: 6px; padding: 4px 10px }
button { cursor: pointer }
button:hover { border-color: var(--accent) }
button:disabled { color: var(--dim); cursor: default; border-color: var(--line) }
button.quiet { font-size: 13px; white-space: nowrap }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px }
.panel { background: var(--panel); border: 1px solid var(--line); border-radius: 10px; padding: 16px 20px }
.facts { display: grid; grid-template-columns: max-content 1fr; gap: 4px 20px; margin: 16px 0 }
.facts dt { color: var(--dim) }
.facts dd { margin: 0; min-width: 0 }
.scroll { overflow-x: auto }
table { border-collapse: collapse; font-size: 14px; font-variant-numeric: tabular-nums; width: 100% }
th, td { padding: 5px 10px; border-bottom: 1px solid var(--line); text-align: left; white-space: nowrap }
th { color: var(--dim); font-weight: 500 }
th.number, td.number { text-align: right }
figure { margin: 0 }
figcaption { font-size: 14px; color: var(--dim) }
svg text { fill: currentColor; font-family: inherit }
@media (max-width: 520px) {
  main, footer { padding-inline: 12px }
  .top { padding: 8px 12px }
  .top > nav { display: none }
  .panel { padding: 12px }
  .facts { grid-template-columns: 1fr; gap: 0 }
  .facts dd { margin-bottom: 8px }
  h1 { font-size: 21px }
}
@media print {
  :root, :root[data-theme] { color-scheme: light }
  body { background: none }
  .top { position: static; border: 0; padding-inline: 20px }
  button:not(.call), input, .top > nav { display: none !important }
  .panel { break-inside: avoid }
}
`
