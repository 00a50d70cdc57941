/**
 * `tidemark/report`: self-contained HTML pages for the results of benchmarks and for verdicts on histories.
 */
export { renderBenchReport } from './report/benchReport.js'
export type { BenchMachine, BenchResult, BenchResults } from './report/benchResults.js'
export { renderVerdictPage, type JudgedHistory } from './report/verdictPage.js'
