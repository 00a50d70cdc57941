import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'

/** Built files lie in `dist`, beside the folder that the peers are installed in. */
const ownManifest = new URL(
  import.meta.url.includes('/dist/bench/') ? '../../../bench/peers/package.json' : './package.json',
  import.meta.url,
)
/** Who runs the benchmarks from an installed package may have a peer among their own dependencies. */
const callersManifest = pathToFileURL(`${process.cwd()}/package.json`)

/** A peer's module: the peers are no dependencies of the package, so its types are the adapter's own. */
export function peerModule<T>(name: string): T {
  try {
    return createRequire(ownManifest)(name) as T
  } catch (error) {
    if (!isNotFound(error)) throw error
    return createRequire(callersManifest)(name) as T
  }
}

/** Why a peer cannot be used: it is not installed, or `tryOut` fails with it. */
export function whyUnavailable<T>(name: string, tryOut: (module: T) => void = () => {}): string | undefined {
  try {
    tryOut(peerModule<T>(name))
    return undefined
  } catch (error) {
    if (isNotFound(error)) return `${name} is not installed (npm run bench:peers:install)`
    const message = error instanceof Error ? error.message : String(error)
    return `${name} does not load: ${message.split('\n', 1)[0]}`
  }
}

function isNotFound(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'MODULE_NOT_FOUND'
}
