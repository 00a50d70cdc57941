import { type CommandDef, defineCommand } from 'citty'
import { runCommand } from '../command/run.js'
import { optionDefinitions } from './definitions.js'

/** `tidemark bench all`. */
export const command: CommandDef<typeof optionDefinitions> = defineCommand({
  meta: { name: 'all', description: 'Compare all workloads on all databases, in rounds' },
  args: optionDefinitions,
  async run({ rawArgs }) {
    process.exitCode = await runCommand('bench all', async (interrupt) => {
      const { readOptions } = await import('./options.js')
      const comparison = readOptions(rawArgs)
      const { compare } = await import('./benchmark.js')
      await compare(comparison, interrupt)
    })
  },
})
