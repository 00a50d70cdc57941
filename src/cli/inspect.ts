import { type ArgsDef, type CommandDef, defineCommand } from 'citty'
import { inspect } from '../journal.js'
import { fileLines, openingLines, print, reporting } from './storeText.js'

const options: ArgsDef = {
  dir: { type: 'positional', description: "The store's directory", required: true },
  json: { type: 'boolean', description: 'Print one JSON object' },
}

export const inspectCommand: CommandDef = defineCommand({
  meta: {
    name: 'tidemark inspect',
    description: "Show a store's files: segments, checkpoints, tables, and where a tail is torn",
  },
  args: options,
  run({ args }) {
    reporting(() => {
      const report = inspect(String(args['dir']))
      if (args['json'] === true) return print([JSON.stringify(report, undefined, 2)])
      const { storeId, opening, tables } = report
      print([
        `store ${storeId ?? 'without an id'}`,
        ...openingLines(opening).map((line) => `  ${line}`),
        ...(tables.length === 0 ? [] : ['tables']),
        ...tables.map(({ id, name, format }) => `  ${id}  ${name} (${format})`),
        'files',
        ...fileLines(report).map((line) => `  ${line}`),
      ])
    })
  },
})
