export const benchStyle = `
.series-0 { --series: light-dark(#0b62a8, #5fb0f7) }
.series-1 { --series: light-dark(#c2550c, #f2994a) }
.series-2 { --series: light-dark(#2a7d46, #57c785) }
.series-3 { --series: light-dark(#7a46b8, #b794f4) }
.series-4 { --series: light-dark(#b02a5b, #f687b3) }
.series-5 { --series: light-dark(#8a6d00, #e3c341) }
.series-6 { --series: light-dark(#0f7c80, #4fd1c5) }
.series-7 { --series: light-dark(#66707a, #a9b3bc) }
.charts { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(340px, 100%), 1fr)); gap: 16px }
.charts figure { display: flex; flex-direction: column; gap: 8px }
.chart { width: 100%; height: auto; font-size: 12px; overflow: visible }
.chart .fill { fill: var(--series) }
.chart .dot { fill: var(--panel); stroke: var(--series); stroke-width: 1.6 }
.chart .stroke { fill: none; stroke: var(--series); stroke-width: 2 }
.chart .leader { fill: none; stroke: var(--series); stroke-width: 1; opacity: .4 }
.chart .grid { fill: none; stroke: var(--line); stroke-width: 1 }
.chart .spread { fill: none; stroke: var(--text); stroke-width: 1.5 }
.chart .tick, .chart .quiet { fill: var(--dim); font-size: 11px }
.chart .halo { paint-order: stroke; stroke: var(--panel); stroke-width: 4px; stroke-linejoin: round }
.swatch { display: inline-block; width: 10px; height: 10px; border-radius: 2px; margin-right: 8px; background: var(--series) }
tr.best td { font-weight: 600 }
@media print { .charts { grid-template-columns: 1fr 1fr } .scroll { overflow: visible } table { font-size: 9px } th, td { padding: 2px 4px } }
`
