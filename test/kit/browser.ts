import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import type { Readable, Writable } from 'node:stream'
import { pathToFileURL } from 'node:url'

const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable']
const answerTimeoutMs = 20_000

/** A browser that can be driven here, or `undefined`: then tests that need one are skipped. */
export function browserPath(): string | undefined {
  const folders = (process.env['PATH'] ?? '').split(delimiter)
  const paths = names.flatMap((name) => folders.map((folder) => join(folder, name)))
  return [process.env['TIDEMARK_BROWSER'] ?? '', ...paths].find((path) => path !== '' && existsSync(path))
}

interface Message {
  readonly id?: number
  readonly method?: string
  readonly params?: Readonly<Record<string, unknown>>
  readonly result?: unknown
  readonly error?: { readonly message: string }
}

export interface View {
  readonly width: number
  readonly height: number
  readonly scheme?: 'light' | 'dark'
  readonly media?: 'screen' | 'print'
}

/**
 * A headless Chromium with one page. It is driven over a pipe (`--remote-debugging-pipe`: messages of the
 * DevTools protocol as JSON, each ended by a zero byte), which takes neither a port nor a package.
 */
export class Browser {
  /** Errors that the page wrote to its console, threw, or was refused by its policy. */
  readonly problems: string[] = []
  /** Everything the page asked for, its own file included. */
  readonly requests: string[] = []
  readonly #process: ChildProcess
  readonly #profile: string
  readonly #waiting = new Map<number, (message: Omit<Message, 'id'>) => void>()
  readonly #events = new Map<string, () => void>()
  #lastId = 0
  #session = ''

  private constructor(process: ChildProcess, profile: string) {
    this.#process = process
    this.#profile = profile
    let text = ''
    // Writing to a browser that has died fails; whoever waits for an answer is told below.
    process.stdio[3]?.on('error', () => undefined)
    process.once('error', (error) => this.#fail(error.message))
    process.once('close', () => this.#fail('the browser has ended'))
    const output = process.stdio[4] as Readable
    output.setEncoding('utf8')
    output.on('data', (chunk: string) => {
      const parts = (text + chunk).split('\0')
      text = parts.pop() ?? ''
      for (const part of parts) this.#receive(JSON.parse(part) as Message)
    })
  }

  static async start(path: string): Promise<Browser> {
    const profile = await mkdtemp(join(tmpdir(), 'tidemark-browser-'))
    const flags = ['--headless=new', '--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage']
    const quiet = ['--no-first-run', '--disable-background-networking', '--hide-scrollbars']
    const args = [...flags, ...quiet, `--user-data-dir=${profile}`, '--remote-debugging-pipe', 'about:blank']
    const process = spawn(path, args, { stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'] })
    const browser = new Browser(process, profile)
    try {
      await browser.#attach()
    } catch (error) {
      await browser.close()
      throw error
    }
    return browser
  }

  async close(): Promise<void> {
    const ended = new Promise<void>((resolve) => {
      if (this.#process.exitCode !== null || this.#process.signalCode !== null) resolve()
      else this.#process.once('close', () => resolve())
    })
    this.#process.kill('SIGKILL')
    await ended
    await rm(this.#profile, { recursive: true, force: true, maxRetries: 5 })
  }

  async look({ width, height, scheme = 'light', media = 'screen' }: View): Promise<void> {
    const size = { width, height, deviceScaleFactor: 1, mobile: false }
    await this.send('Emulation.setDeviceMetricsOverride', size)
    const features = [{ name: 'prefers-color-scheme', value: scheme }]
    await this.send('Emulation.setEmulatedMedia', { media, features })
  }

  async open(file: string): Promise<void> {
    this.problems.length = 0
    this.requests.length = 0
    const loaded = this.#next('Page.loadEventFired')
    await this.send('Page.navigate', { url: pathToFileURL(file).href })
    await loaded
  }

  /** The value of an expression, awaited when it is a promise. */
  async evaluate<T>(expression: string): Promise<T> {
    const { result, exceptionDetails } = (await this.send('Runtime.evaluate', {
      expression,
      awaitPromise: true,
      returnByValue: true,
    })) as { result: { value: T }; exceptionDetails?: { exception?: { description?: string } } }
    if (exceptionDetails !== undefined) {
      throw new Error(exceptionDetails.exception?.description ?? `failed: ${expression}`)
    }
    return result.value
  }

  /** Moves the pointer to the middle of an element, as a person would, and clicks if asked to. */
  async point(selector: string, { click = false } = {}): Promise<void> {
    const place = await this.evaluate<{ x: number; y: number }>(`(() => {
      const element = document.querySelector(${JSON.stringify(selector)})
      element.scrollIntoView({ block: 'center' })
      const { x, y, width, height } = element.getBoundingClientRect()
      return { x: x + width / 2, y: y + height / 2 }
    })()`)
    await this.send('Input.dispatchMouseEvent', { type: 'mouseMoved', ...place })
    if (!click) return
    const button = { button: 'left', clickCount: 1, ...place }
    await this.send('Input.dispatchMouseEvent', { type: 'mousePressed', ...button })
    await this.send('Input.dispatchMouseEvent', { type: 'mouseReleased', ...button })
  }

  async press(key: string): Promise<void> {
    const text = key === 'Enter' ? { text: '\r' } : {}
    const code = { Enter: 13, Tab: 9, ArrowDown: 40, ArrowRight: 39 }[key]
    const event = { key, code: key, ...(code === undefined ? {} : { windowsVirtualKeyCode: code }) }
    await this.send('Input.dispatchKeyEvent', { type: 'keyDown', ...text, ...event })
    await this.send('Input.dispatchKeyEvent', { type: 'keyUp', ...event })
  }

  async type(text: string): Promise<void> {
    await this.send('Input.insertText', { text })
  }

  /** Writes a picture of the page, or of what is in view, and returns its bytes. */
  async screenshot(file: string, { whole = false } = {}): Promise<Buffer> {
    const { data } = (await this.send('Page.captureScreenshot', { captureBeyondViewport: whole })) as {
      data: string
    }
    const bytes = Buffer.from(data, 'base64')
    await writeFile(file, bytes)
    return bytes
  }

  async pdf(): Promise<Buffer> {
    const { data } = (await this.send('Page.printToPDF', { printBackground: true })) as { data: string }
    return Buffer.from(data, 'base64')
  }

  async send(method: string, params: object = {}): Promise<unknown> {
    this.#lastId += 1
    const id = this.#lastId
    const session = this.#session === '' ? {} : { sessionId: this.#session }
    const input = this.#process.stdio[3] as Writable
    return await new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiting.delete(id)
        reject(new Error(`the browser did not answer ${method} in ${answerTimeoutMs} ms`))
      }, answerTimeoutMs)
      this.#waiting.set(id, ({ error, result }) => {
        clearTimeout(timer)
        if (error === undefined) resolve(result)
        else reject(new Error(`${method}: ${error.message}`))
      })
      input.write(`${JSON.stringify({ id, method, params, ...session })}\0`)
    })
  }

  async #attach(): Promise<void> {
    const { targetInfos } = (await this.send('Target.getTargets')) as {
      targetInfos: { targetId: string; type: string }[]
    }
    const targetId = targetInfos.find(({ type }) => type === 'page')?.targetId
    const { sessionId } = (await this.send('Target.attachToTarget', { targetId, flatten: true })) as {
      sessionId: string
    }
    this.#session = sessionId
    for (const domain of ['Page', 'Runtime', 'Log', 'Network']) await this.send(`${domain}.enable`)
  }

  async #next(method: string): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(
        () => reject(new Error(`no ${method} in ${answerTimeoutMs} ms`)),
        answerTimeoutMs,
      )
      this.#events.set(method, () => {
        clearTimeout(timer)
        this.#events.delete(method)
        resolve()
      })
    })
  }

  #fail(message: string): void {
    for (const answer of this.#waiting.values()) answer({ error: { message } })
    this.#waiting.clear()
  }

  #receive({ id, method, params = {}, ...rest }: Message): void {
    if (id !== undefined) {
      this.#waiting.get(id)?.(rest)
      this.#waiting.delete(id)
      return
    }
    this.#events.get(method ?? '')?.()
    if (method === 'Runtime.exceptionThrown') this.problems.push(JSON.stringify(params['exceptionDetails']))
    if (method === 'Runtime.consoleAPICalled' && params['type'] === 'error') {
      this.problems.push(JSON.stringify(params['args']))
    }
    const entry = params['entry'] as { level: string; text: string } | undefined
    if (method === 'Log.entryAdded' && entry?.level === 'error') this.problems.push(entry.text)
    if (method === 'Network.requestWillBeSent') {
      this.requests.push((params['request'] as { url: string }).url)
    }
  }
}
