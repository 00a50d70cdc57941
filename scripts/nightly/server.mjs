// The store of the nightly run's kills: a process that opens it on disk and runs what the parent's clients
// ask for, until it is killed. What was acknowledged must be there when the next one opens it.
import { open } from 'tidemark'

const store = await open({ path: process.argv[2], segmentBytes: 256 * 1024 })
const lists = store.table('lists')

async function answer({ id, steps }) {
  try {
    const answers = await store.transaction((tx) =>
      steps.map(({ key, element }) => {
        const list = tx.get(lists, key) ?? []
        if (element !== null) tx.put(lists, key, [...list, element])
        return list
      }),
    )
    process.send({ id, answers })
  } catch (error) {
    process.send({ id, error: String(error), code: error.code })
  }
}

process.on('message', (request) => void answer(request))
process.on('disconnect', () => process.exit(0))
process.send('ready')
