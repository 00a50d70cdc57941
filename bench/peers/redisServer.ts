import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer, connect as connectSocket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

const startSecondsMax = 10
const stopSecondsMax = 10

export function whyNoRedisServer(): string | undefined {
  const { error, status } = spawnSync('redis-server', ['--version'])
  return error === undefined && status === 0
    ? undefined
    : 'there is no redis-server on the PATH (Debian: apt-get install redis-server)'
}

/** A server on the loopback interface for the length of a run. It ends with this process. */
export class RedisServer {
  readonly port: number
  readonly #child: ChildProcess
  readonly #exited: Promise<unknown>
  readonly #kill = (): void => void this.#child.kill('SIGKILL')

  private constructor(child: ChildProcess, port: number) {
    this.#child = child
    this.port = port
    this.#exited = once(child, 'exit')
    process.once('exit', this.#kill)
  }

  static async start(directory: string, isDurable: boolean): Promise<RedisServer> {
    const port = await freePort()
    const persistence = isDurable
      ? ['--appendonly', 'yes', '--appendfsync', 'always']
      : ['--appendonly', 'no']
    const args = ['--port', String(port), '--bind', '127.0.0.1', '--dir', directory, '--save', '']
    const child = spawn('redis-server', [...args, ...persistence], { stdio: 'ignore' })
    await once(child, 'spawn')
    const server = new RedisServer(child, port)
    try {
      await server.#listening()
    } catch (error) {
      await server.stop()
      throw error
    }
    return server
  }

  /** Resident memory of the server, where the system tells it as Linux does; else 0. */
  residentBytes(): number {
    try {
      const status = readFileSync(`/proc/${this.#child.pid}/status`, 'utf8')
      return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0) * 1024
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return 0
      throw error
    }
  }

  async stop(): Promise<void> {
    process.off('exit', this.#kill)
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    this.#child.kill('SIGTERM')
    const timer = new AbortController()
    const late = sleep(stopSecondsMax * 1000, 'late', { signal: timer.signal }).catch(() => 'ended')
    if ((await Promise.race([this.#exited, late])) === 'late') this.#kill()
    timer.abort()
    await this.#exited
  }

  async #listening(): Promise<void> {
    const deadline = performance.now() + startSecondsMax * 1000
    while (performance.now() < deadline) {
      if (this.#child.exitCode !== null) throw new Error(`redis-server ended with ${this.#child.exitCode}`)
      if (await isListening(this.port)) return
      await sleep(20)
    }
    throw new Error(`redis-server did not listen within ${startSecondsMax} s`)
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (address === null || typeof address === 'string') throw new Error('no free port on 127.0.0.1')
  return address.port
}

async function isListening(port: number): Promise<boolean> {
  const socket = connectSocket(port, '127.0.0.1')
  try {
    await once(socket, 'connect')
    return true
  } catch {
    // Not yet: the caller tries again, for a bounded time.
    return false
  } finally {
    socket.destroy()
  }
}
