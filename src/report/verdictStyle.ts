export const verdictStyle = `
.good { --mark: var(--good) } .bad { --mark: var(--bad) } .unsure { --mark: var(--unsure) }
.kind-ww { --kind: light-dark(#b3480e, #f2994a) }
.kind-wr { --kind: light-dark(#0b62a8, #6cb6f5) }
.kind-rw { --kind: light-dark(#b3245a, #ff85b3) }
.kind-process { --kind: light-dark(#4d5861, #b4bec7); --dash: 2 4 }
.kind-realtime { --kind: light-dark(#6b3fb0, #bda0ff); --dash: 8 4 }
.report + .report { margin-top: 64px }
.report { padding-top: 24px }
.verdict { border-left: 6px solid var(--mark) }
.verdict .word { color: var(--mark); font-weight: 700; letter-spacing: .04em; text-transform: uppercase }
.mark { display: inline-block; width: 9px; height: 9px; border-radius: 50%; background: var(--mark); margin-right: 6px }
.model { color: var(--bad) }
.notes { margin: 0; padding-left: 20px; color: var(--dim) }
.filter { display: flex; flex-wrap: wrap; gap: 8px; margin-bottom: 16px }
.filter button[aria-pressed=true] { border-color: var(--accent); box-shadow: inset 0 0 0 1px var(--accent) }
.anomaly { margin-bottom: 16px; scroll-margin-top: 64px; content-visibility: auto; contain-intrinsic-size: auto 640px }
.anomaly[hidden] { display: none }
.anomaly header { display: flex; align-items: baseline; gap: 12px }
.anomaly header a { margin-left: auto; text-decoration: none }
.anomaly h4 { margin: 8px 0 4px }
.story { display: grid; grid-template-columns: minmax(0, 3fr) minmax(0, 2fr); gap: 24px; align-items: center; margin: 12px 0 }
.story:not(:has(svg)) { align-items: start }
.cycle { display: block; max-width: 100%; height: auto; margin: 0 auto; font-size: 12px }
.cycle text, .spans text { font-family: var(--mono) }
.cycle .node rect { fill: var(--panel); stroke: var(--dim); stroke-width: 1.4 }
.cycle .node, .cycle .edge, .span { cursor: pointer }
.cycle .label { font-weight: 700; font-size: 13px }
.cycle .step { fill: var(--dim) } .cycle .meant { fill: var(--text); font-weight: 600 }
.quiet { fill: var(--dim) }
.edge .hit { fill: none; stroke: transparent; stroke-width: 16 }
.edge .line { fill: none; stroke: var(--kind); stroke-width: 2; stroke-dasharray: var(--dash, none) }
.edge .head { fill: var(--kind) }
.edge rect { fill: var(--panel); stroke: var(--kind); stroke-width: 1.2 }
.edge text { fill: var(--kind); font-weight: 600 }
.cycle g:focus-visible, .span:focus-visible { outline: none }
.cycle g:focus-visible rect, .span:focus-visible rect, .node.lit rect { stroke: var(--accent); stroke-width: 3 }
.edge.lit .line, .edge:hover .line { stroke-width: 4 }
.edge.lit rect, .edge:hover rect { fill: var(--kind) } .edge.lit text, .edge:hover text { fill: var(--panel) }
.evidence { margin: 0; padding: 0; list-style: none }
.evidence li { border-left: 4px solid var(--kind, var(--bad)); padding: 6px 12px; margin: 8px 0; border-radius: 0 6px 6px 0 }
.evidence li[data-edge] { cursor: pointer }
.evidence b { display: block }
.evidence .kind { color: var(--kind); font-family: var(--mono) }
.evidence .lit { background: color-mix(in srgb, var(--kind) 15%, transparent) }
.tip { position: absolute; z-index: 9; max-width: min(420px, 92vw); padding: 8px 12px; border-radius: 8px; pointer-events: none;
  background: var(--text); color: var(--panel); font-size: 13px; box-shadow: 0 3px 14px #0006 }
.calls td { vertical-align: top } .calls .wide { white-space: normal; width: 100%; min-width: 220px }
.calls tr.lit { background: var(--sunken) }
button.call { font: 600 12px var(--mono); padding: 1px 8px }
ol.placed { margin: 0; font: 13px/1.9 var(--mono) }
.spans { display: block; width: 100%; min-width: 560px; max-width: 900px; font-size: 11px; margin-top: 4px }
.spans .lane { stroke: var(--line); fill: none }
.span rect { fill: light-dark(#d6e6f5, #24425c); stroke: light-dark(#7aa7d0, #4d83b3) }
.span.open rect { stroke-dasharray: 4 3; fill: light-dark(#f5ead0, #4a3d1c); stroke: var(--unsure) }
.span.blocked rect { fill: light-dark(#fbd9da, #5a2427); stroke: var(--bad) }
.span.lit rect { stroke: var(--accent); stroke-width: 2.5 }
.tools { display: flex; flex-wrap: wrap; align-items: center; gap: 8px; margin-bottom: 10px; font-size: 14px }
.tools label { display: flex; align-items: center; gap: 6px }
.tools input[type=search] { flex: 1 1 260px; min-width: 0 }
.legend { margin-left: auto; display: flex; gap: 6px; align-items: center; flex-wrap: wrap }
.legend i { width: 14px; height: 10px; border-radius: 2px; margin-left: 6px }
.legend .ok, .list .ok { background: light-dark(#86b3dd, #3f78ab) } .legend .failed, .list .failed { background: light-dark(#b9c0c7, #5b646d) }
.legend .unknown, .list .unknown { background: light-dark(#dfb64a, #b58a1c) } .legend .involved { background: var(--bad) }
.lanes { position: relative; max-height: 420px; overflow-y: auto; overflow-x: hidden; background: var(--sunken); border-radius: 6px;
  cursor: grab; touch-action: pan-y }
.lanes.dragging { cursor: grabbing }
.lanes canvas, .overview { display: block; width: 100% }
.overview { height: 34px; margin-top: 6px; background: var(--sunken); border-radius: 6px; cursor: pointer; touch-action: none }
.finder { margin-top: 16px }
.list { height: 330px; overflow: auto; background: var(--sunken); border-radius: 6px; font: 13px/26px var(--mono) }
.rows { position: relative; min-width: 100% }
.row { position: absolute; left: 0; min-width: 100%; height: 26px; padding: 0 10px; white-space: pre; cursor: pointer; display: flex; gap: 12px }
.row i { align-self: center; width: 10px; height: 10px; border-radius: 2px; flex: none }
.row .place { width: 11ch; flex: none; color: var(--dim) } .row .process { width: 13ch; flex: none; color: var(--dim); overflow: hidden }
.row.involved { color: var(--bad) } .row:hover { background: var(--line) }
.row[aria-selected=true] { background: var(--accent); color: var(--panel) } .row[aria-selected=true] span { color: inherit }
.chosen:not(:empty) { margin-top: 12px; border-top: 1px solid var(--line); padding-top: 12px }
@media (max-width: 820px) { .calls tr { display: flex; flex-wrap: wrap; border-bottom: 1px solid var(--line) }
  .calls td { border: 0 } .calls .wide { flex: 1 1 100%; min-width: 0; padding-top: 0 }
  .story { grid-template-columns: minmax(0, 1fr) } .cycle.wide { min-width: 340px } .legend { margin-left: 0 } }
@media print { .anomaly { content-visibility: visible } .filter, .finder, .overview, .tools { display: none }
  .spans { min-width: 0 } .lanes { max-height: none } }
`
