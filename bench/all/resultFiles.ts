import { writeFile } from 'node:fs/promises'
import { renderBenchReport } from 'tidemark/report'
import { orReportError, refuseUnwritable } from '../report/json.js'
import type { ComparisonResults } from './results.js'

interface Paths {
  readonly json: string | undefined
  readonly html: string | undefined
}

/** The files that a comparison was asked for, written anew after every run. */
export class ResultFiles {
  readonly #paths: Paths

  private constructor(paths: Paths) {
    this.#paths = paths
  }

  /** Finds out before a long run, not after it, that a file cannot be written. */
  static async at({ json, html }: Paths): Promise<ResultFiles> {
    for (const path of [json, html]) if (path !== undefined) await refuseUnwritable(path)
    return new ResultFiles({ json, html })
  }

  async write(results: ComparisonResults): Promise<void> {
    const { json, html } = this.#paths
    if (json !== undefined) {
      await orReportError(json, writeFile(json, `${JSON.stringify(results, undefined, 2)}\n`))
    }
    if (html !== undefined) await orReportError(html, writeFile(html, renderBenchReport(results)))
  }
}
