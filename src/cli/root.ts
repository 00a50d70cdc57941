import { readFile } from 'node:fs/promises'
import { type CommandDef, defineCommand } from 'citty'

/** From where the built file is. */
const manifestPath = '../../package.json'

async function version(): Promise<string> {
  const manifest: unknown = JSON.parse(await readFile(new URL(manifestPath, import.meta.url), 'utf8'))
  return (manifest as { version: string }).version
}

/** The command `tidemark`. Each sub-command is loaded when it is asked for. */
export const root: CommandDef = defineCommand({
  meta: async () => ({
    name: 'tidemark',
    version: await version(),
    description: 'Strictly serializable transactions in shared memory',
  }),
  subCommands: {
    check: async () => (await import('./check.js')).check,
    bench: async () => (await import('./bench.js')).bench,
    record: async () => (await import('./bench.js')).benchmark('record/main.js'),
    inspect: async () => (await import('./inspect.js')).inspectCommand,
    salvage: async () => (await import('./salvage.js')).salvageCommand,
    verify: async () => (await import('./verify.js')).verifyCommand,
  },
})
