import type { PlantedBug } from './planted.js'

/**
 * Engines that are wrong in one place each. The texts are those of the built files: when the source changes,
 * the test that plants them says which bug has lost its place.
 */
export const plantedBugs: readonly PlantedBug[] = [
  {
    name: 'a commit ignores who has read its keys later',
    file: 'mvcc/commit.js',
    find: `                if (found > stamp)\n                    return 'conflict';`,
    replace: '',
  },
  {
    name: 'a commit ignores who has read the range it writes into',
    file: 'mvcc/commit.js',
    find: `                if (found > stamp)\n                    return 'range';`,
    replace: '',
  },
  {
    name: 'a commit installs what it does not own',
    file: 'mvcc/commit.js',
    find: `const reason = tx.locker === 0 ? this.#ownAll(tx) : this.#chooseTid(tx);`,
    replace: `const reason = tx.locker === 0 ? undefined : this.#chooseTid(tx);`,
  },
  {
    name: 'a commit is acknowledged before it is decided',
    file: 'store/runner.js',
    find: `return reason === undefined || this.#again(reason, undefined);`,
    replace: `return true;`,
  },
  {
    name: 'a snapshot is 100 microseconds old',
    file: 'mvcc/transaction.js',
    find: `if (this.locker === 0 && version !== 0 && this.#u64[version] >= this.stamp)
            version = this.#visibleBelow(tuple, version);`,
    replace: `while (this.locker === 0 && version !== 0 && this.#u64[version] >= this.stamp - 6400000n)
            version = i32[(version << 1) + versionOlder];`,
  },
  {
    name: 'a refused commit is tried again without its body',
    file: 'mvcc/engine.js',
    find: `        if (reason !== undefined) {\n            this.abort(tx, reason);`,
    replace: `        if (reason !== undefined && tx.locker === 0) {
            tx.stamp = this.context.site.next();
            reason = this.#committer.commit(tx);
        }
        if (reason !== undefined) {\n            this.abort(tx, reason);`,
  },
  {
    name: 'a tid is taken before the call',
    file: 'tid/site.js',
    find: `        const stamp = this.next();`,
    replace: `        const stamp = this.early ?? this.next();\n        this.early = this.next();`,
  },
  {
    name: 'a transaction does not read its own writes',
    file: 'mvcc/transaction.js',
    find: `            if (entry !== notWritten)\n                return this.showWrite(entry);`,
    replace: '',
  },
  {
    name: 'tuples are given back before their versions are installed',
    file: 'mvcc/commit.js',
    find: `        this.#installAll(tx);`,
    replace: `        this.#giveBack(tx.stamp);\n        this.#installAll(tx);`,
  },
  {
    name: 'an aborted transaction is committed',
    file: 'store/runner.js',
    find: `        this.#engine.abort(this.#close(), reason);\n        if (!isRetryable(reason)`,
    replace: `        if (reason === 'user')
            this.#engine.commit(this.#close());
        else
            this.#engine.abort(this.#close(), reason);
        if (!isRetryable(reason)`,
  },
  {
    name: 'a version goes below the one that it replaces',
    file: 'mvcc/engine.js',
    find: `        Atomics.store(i32, head, version);`,
    replace: `        this.installs = (this.installs ?? 0) + 1;
        if (old !== 0 && this.installs % 8 === 0) {
            i32[(version << 1) + versionOlder] = i32[(old << 1) + versionOlder];
            i32[(old << 1) + versionOlder] = version;
        }
        else
            Atomics.store(i32, head, version);`,
  },
  {
    name: 'the absence of a key is read without a trace',
    file: 'mvcc/transaction.js',
    find: `            this.protectLeaf(leaf);`,
    replace: '',
  },
  {
    name: 'a key is read without a trace',
    file: 'mvcc/transaction.js',
    find: `const was = Atomics.compareExchange(u64, tuple, found, stamp);`,
    replace: `const was = found;`,
  },
  {
    name: 'a range is read without a trace',
    file: 'mvcc/cursor.js',
    find: `            this.#tx.protectLeaf(leaf);\n            const block = this.#tree.contentsOf(leaf);\n            if (reader.isDead(block) ||`,
    replace: `            const block = this.#tree.contentsOf(leaf);\n            if (reader.isDead(block) ||`,
  },
  {
    name: 'a version is freed while a transaction can see it',
    file: 'mvcc/collector.js',
    find: `const safe = context.site.safeStamp();`,
    replace: `const safe = context.site.now();`,
  },
  {
    name: 'a reader does not wait for who commits below it',
    file: 'mvcc/transaction.js',
    find: `            if (state === wordState.dead)\n                return false;`,
    replace: `            if (state === wordState.owned)\n                return true;
            if (state === wordState.dead)\n                return false;`,
  },
  {
    name: 'a range does not wait for who commits below it',
    file: 'mvcc/cursor.js',
    find: `|| this.#settle(tuple))`,
    replace: `|| true)`,
  },
  {
    name: 'in locking mode a range is not held',
    file: 'mvcc/locking.js',
    find: `    lockWord(engine, tx, leaf, true);`,
    replace: '',
  },
]
