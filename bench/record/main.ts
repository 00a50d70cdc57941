import { type CommandDef, defineCommand } from 'citty'
import { runCommand } from '../command/run.js'
import { optionDefinitions } from './definitions.js'
import { readOptions } from './options.js'
import { workloadNames, workloads } from './workloads.js'

/** `tidemark record`. */
export const command: CommandDef<typeof optionDefinitions> = defineCommand({
  meta: {
    name: 'record',
    description: `${workloadList()}\n\nRuns a workload on a store and records what its clients see, for tidemark check`,
  },
  args: optionDefinitions,
  async run({ rawArgs }) {
    process.exitCode = await runCommand('record', async (interrupt) => {
      const settings = readOptions(rawArgs)
      const { record } = await import('./record.js')
      await record(settings, interrupt)
    })
  },
})

function workloadList(): string {
  return `Workloads:\n${workloadNames.map((name) => `  ${name.padEnd(12)} ${workloads[name].description}`).join('\n')}`
}
