// Installs the databases that the benchmarks compare with into bench/peers/node_modules, builds their native
// parts where a package ships no binary, and tells which targets can be used on this machine, and why not.
import { spawnSync } from 'node:child_process'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm'

// The peers are optional dependencies: npm goes on without one that cannot be installed or built.
const { status, error } = spawnSync(npm, ['ci', '--no-audit', '--no-fund'], {
  cwd: join(root, 'bench/peers'),
  stdio: 'inherit',
})
if (error !== undefined || status !== 0) {
  console.error(`npm ci in bench/peers failed: ${error?.message ?? `exit code ${status}`}`)
  process.exitCode = 1
}

/** @type {{ targets: readonly { name: string, unavailable(): Promise<string | undefined> }[] }} */
const { targets } = await import('../dist/bench/targets/registry.js')
for (const target of targets) {
  const reason = await target.unavailable()
  console.log(`${target.name.padEnd(20)}${reason === undefined ? 'available' : `not available: ${reason}`}`)
}
