#!/usr/bin/env node
import { stripVTControlCharacters } from 'node:util'
import { type ArgsDef, type CommandDef, renderUsage, runCommand, runMain } from 'citty'
import { root } from './root.js'

const usageExitCode = 2

/** citty colours its help unless NO_COLOR is 1; this asks whether anybody would see the colours. */
async function showUsage<T extends ArgsDef>(command: CommandDef<T>, parent?: CommandDef<T>): Promise<void> {
  const text = (await renderUsage(command, parent)).replaceAll(/ +$/gm, '')
  const isPlain = !process.stdout.isTTY || (process.env['NO_COLOR'] ?? '') !== ''
  process.stdout.write(`${isPlain ? stripVTControlCharacters(text) : text}\n`)
}

async function main(rawArgs: string[]): Promise<void> {
  const asksForText =
    rawArgs.includes('--help') || rawArgs.includes('-h') || rawArgs[0] === '--version' || rawArgs[0] === '-v'
  if (asksForText) return await runMain(root, { rawArgs, showUsage })
  try {
    await runCommand(root, { rawArgs })
  } catch (error) {
    // citty throws this for a command that is missing or unknown; a command reports what happens inside it
    // itself.
    if (!(error instanceof Error) || error.name !== 'CLIError') throw error
    process.stderr.write(`tidemark: ${stripVTControlCharacters(error.message)}\nSee tidemark --help.\n`)
    process.exitCode = usageExitCode
  }
}

await main(process.argv.slice(2))
