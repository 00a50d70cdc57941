import { type ArgsDef, type CommandDef, defineCommand } from 'citty'
import { salvage } from '../journal.js'
import { entryNouns, exitCodes, gapLine, plural, print, reporting } from './storeText.js'

const options: ArgsDef = {
  dir: {
    type: 'positional',
    description: "The damaged store's directory; it is not changed",
    required: true,
  },
  out: { type: 'string', description: 'The directory for the new store: new or empty', required: true },
  json: { type: 'boolean', description: 'Print one JSON object' },
}

export const salvageCommand: CommandDef = defineCommand({
  meta: {
    name: 'tidemark salvage',
    description:
      'Save what can still be read of a damaged store as a new one (exit code 1 if anything is lost)',
  },
  args: options,
  run({ args }) {
    reporting(() => {
      const report = salvage(String(args['dir']), String(args['out']))
      const { tables, namelessTables, transactions, entries, journalEntries, lost } = report
      if (lost.length > 0) process.exitCode = exitCodes.damaged
      if (args['json'] === true) return print([JSON.stringify(report, undefined, 2)])
      print([
        `saved in ${String(args['out'])}: ${plural(tables.length, 'table')}, ${plural(transactions, 'transaction')}, ` +
          `${plural(entries, ...entryNouns)}, ${plural(journalEntries, 'journal entry', 'journal entries')}`,
        ...namelessTables.map((id) => `the name of table ${id} is lost: it is now '${tables[id - 1]?.name}'`),
        lost.length === 0 ? 'nothing is lost' : 'lost:',
        ...lost.map((gap) => `  ${gapLine(gap)}`),
        ...(lost.length === 0
          ? []
          : ['Transactions behind a gap were saved whole, and may build on what was lost.']),
      ])
    })
  },
})
