import { execFile, spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'

/** The built command: tests run it as users do, in a process of its own. */
export const commandPath: string = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url))

export interface Outcome {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

export async function tidemark(...args: string[]): Promise<Outcome> {
  return await new Promise((resolve) => {
    const child = execFile(process.execPath, [commandPath, ...args], (_error, stdout, stderr) => {
      resolve({ code: child.exitCode, stdout, stderr })
    })
  })
}

/** Runs the command and sends it a signal once it has printed something that matches. */
export async function interrupted(args: string[], printed: RegExp, delay: number): Promise<Outcome> {
  return await new Promise((resolve) => {
    const child = spawn(process.execPath, [commandPath, ...args])
    const output = { stdout: '', stderr: '' }
    let isSent = false
    child.stdout.on('data', (chunk: Buffer) => {
      output.stdout += chunk.toString()
      if (isSent || !printed.test(output.stdout)) return
      isSent = true
      setTimeout(() => child.kill('SIGINT'), delay)
    })
    child.stderr.on('data', (chunk: Buffer) => {
      output.stderr += chunk.toString()
    })
    child.on('close', (code) => resolve({ code, ...output }))
  })
}
