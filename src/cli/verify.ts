import { type ArgsDef, type CommandDef, defineCommand } from 'citty'
import { inspect } from '../journal.js'
import { exitCodes, openingLines, print, reporting } from './storeText.js'

const options: ArgsDef = {
  dir: { type: 'positional', description: "The store's directory", required: true },
}

export const verifyCommand: CommandDef = defineCommand({
  meta: {
    name: 'tidemark verify',
    description: 'Read all of a store and say whether it is sound (exit code 1 if not)',
  },
  args: options,
  run({ args }) {
    reporting(() => {
      const { opening, checkpoints, segments } = inspect(String(args['dir']))
      const unneeded = [...checkpoints, ...segments].filter(
        ({ problem }) => problem !== undefined && opening.verdict === 'opens',
      )
      print([
        ...openingLines(opening),
        ...unneeded.map(({ file, problem }) => `damaged, and not needed: ${file}: ${problem}`),
      ])
      if (opening.verdict === 'refused') {
        print(['tidemark salvage DIR --out DIR2 saves all that is still readable and lists what is lost'])
        process.exitCode = exitCodes.damaged
      }
    })
  },
})
