import { type CommandDef, defineCommand } from 'citty'
import { runCommand } from '../command/run.js'
import { optionDefinitions } from './definitions.js'
import { readOptions } from './options.js'

/** `tidemark bench tpcc`. */
export const command: CommandDef<typeof optionDefinitions> = defineCommand({
  meta: { name: 'tpcc', description: 'Run TPC-C on worker threads, and check what it leaves' },
  args: optionDefinitions,
  async run({ rawArgs }) {
    process.exitCode = await runCommand('bench tpcc', async (interrupt) => {
      const invocation = readOptions(rawArgs)
      const { benchmark } = await import('./benchmark.js')
      await benchmark(invocation, interrupt)
    })
  },
})
