import { styleText } from 'node:util'
import type { WriteStream } from 'node:tty'

type Style = Parameters<typeof styleText>[0]

/** Text for people: styled only where it is shown on a terminal and nobody has asked for plain text. */
export function styled(style: Style, text: string, stream: { readonly isTTY?: boolean }): string {
  const isPlain =
    stream.isTTY !== true || (process.env['NO_COLOR'] ?? '') !== '' || process.env['TERM'] === 'dumb'
  return isPlain ? text : styleText(style, text)
}

/** One line that is written over again and again on a terminal, and nothing elsewhere. */
export class ProgressLine {
  readonly #stream: WriteStream

  constructor(stream: WriteStream) {
    this.#stream = stream
  }

  show(text: string): void {
    if (!this.#stream.isTTY) return
    this.#stream.write(`\r\x1b[2K${text.slice(0, (this.#stream.columns || 80) - 1)}`)
  }

  clear(): void {
    if (this.#stream.isTTY) this.#stream.write('\r\x1b[2K')
  }
}
