import { type CommandDef, defineCommand } from 'citty'
import { runCommand } from '../command/run.js'
import { optionDefinitions } from './definitions.js'
import { readOptions } from './options.js'

/** `tidemark bench ycsb`. */
export const command: CommandDef<typeof optionDefinitions> = defineCommand({
  meta: { name: 'ycsb', description: 'Run YCSB or its transactional variant on worker threads' },
  args: optionDefinitions,
  async run({ rawArgs }) {
    process.exitCode = await runCommand('bench ycsb', async (interrupt) => {
      const invocation = readOptions(rawArgs)
      const { benchmark } = await import('./benchmark.js')
      await benchmark(invocation, interrupt)
    })
  },
})
