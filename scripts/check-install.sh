#!/usr/bin/env bash
# Installs the packed package into an empty project, as a user would, and runs its command and its public door there.
set -euo pipefail
work=$1
mkdir -p "$work/project"
cd "$work/project"
npm init --yes >/dev/null
npm install --no-audit --no-fund --prefer-offline "$work"/tidemark-*.tgz
if grep -q '"hasInstallScript": true' package-lock.json; then
  echo 'A dependency has an install script; the README promises none.'
  exit 1
fi
npx --no-install tidemark bench ycsb --records 1000 --threads 2 --seconds 0.2 --warmup 0.1 --json ycsb.json
cat >first.mjs <<'JS'
import { open } from 'tidemark'
const store = await open()
const greetings = store.table('greetings')
await store.transaction((tx) => tx.put(greetings, 'en', 'hello'))
console.log(store.snapshot((tx) => tx.get(greetings, 'en')))
await store.close()
JS
test "$(node first.mjs)" = hello
