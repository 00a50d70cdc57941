import { styleText } from 'node:util'
import type { WriteStream } from 'node:tty'
import type { TextOptions, Tone } from '../report/verdictText.js'

const styles: Readonly<Record<Tone, Parameters<typeof styleText>[0]>> = {
  good: ['bold', 'green'],
  bad: ['bold', 'red'],
  unsure: ['bold', 'yellow'],
  strong: 'bold',
  dim: 'dim',
  key: 'cyan',
}

const columnsElsewhere = 100
const columnsAtMost = 120

/** For a terminal of this width; plain where nobody would see the colours, or has asked for none. */
export function textStyle(stream: WriteStream): Pick<TextOptions, 'columns' | 'tone'> {
  const { env } = process
  const isPlain = !stream.isTTY || (env['NO_COLOR'] ?? '') !== '' || env['TERM'] === 'dumb'
  return {
    columns: stream.isTTY ? Math.min(stream.columns || columnsElsewhere, columnsAtMost) : columnsElsewhere,
    tone: isPlain ? (_, text) => text : (tone, text) => styleText(styles[tone], text),
  }
}

const showAfterMs = 500

/** How far a long check has come, on one line of a terminal; nothing anywhere else. */
export class CheckProgressLine {
  readonly #stream: WriteStream
  readonly #startedMs = performance.now()
  #isShown = false

  constructor(stream: WriteStream) {
    this.#stream = stream
  }

  show(file: string, phase: string, share?: number): void {
    if (!this.#stream.isTTY || performance.now() - this.#startedMs < showAfterMs) return
    const percent = share === undefined ? '' : ` ${Math.floor(share * 100)} %`
    const text = `${file}: ${phase}${percent}`.slice(0, (this.#stream.columns || 80) - 1)
    this.#stream.write(`\r\u001B[2K${text}`)
    this.#isShown = true
  }

  clear(): void {
    if (this.#isShown) this.#stream.write('\r\u001B[2K')
    this.#isShown = false
  }
}
