import { type CommandDef, defineCommand } from 'citty'

/**
 * Benchmarks and recorded workloads are compiled by a project of their own, which uses the library as any
 * program would.
 */
export async function benchmark(path: string): Promise<CommandDef> {
  const url = new URL(`../bench/${path}`, import.meta.url)
  const module: unknown = await import(url.href)
  return (module as { command: CommandDef }).command
}

export const bench: CommandDef = defineCommand({
  meta: { name: 'tidemark bench', description: 'Run a benchmark' },
  subCommands: {
    all: async () => await benchmark('all/main.js'),
    ycsb: async () => await benchmark('ycsb/main.js'),
    tpcc: async () => await benchmark('tpcc/main.js'),
  },
})
