// Runs on any Node from 20 with nothing installed: only Node's own modules here, and plain JavaScript.
import { spawn } from 'node:child_process';
import { delimiter, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ensureModules } from './modules.mjs';
import { ensurePrograms } from './programs.mjs';

const root = resolve(fileURLToPath(new URL('..', import.meta.url)));
const bin = join(root, 'node_modules/.bin');

/** Ends the run; the last line is what tools read, so even this says it. */
function fail(message) {
  process.stdout.write(`error: ${message}\n0 passed, 1 failed, 0 skipped\n`);
  process.exit(1);
}
const log = (line) => process.stdout.write(`${line}\n`);

try {
  ensureModules(root, { log });
  const redis = ['redis-server', 'redis-cli', 'redis-check-rdb'];
  const browserAndStore = ['chromium', 'ceph-mon', 'ceph-osd', 'radosgw', 'ceph'];
  ensurePrograms(
    [
      ...['postgres', 'pg_dump', 'pg_restore', 'psql', 'zstd', 'age', 'age-keygen', 'openssl'],
      ...redis,
      ...browserAndStore,
    ],
    {
      log,
    },
  );
} catch (error) {
  fail(error.message);
}

const child = spawn(join(bin, 'node'), ['scripts/check/whole-run.ts'], {
  cwd: root,
  env: { ...process.env, PATH: [bin, process.env.PATH].join(delimiter) },
  stdio: ['ignore', 'inherit', 'inherit'],
});
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
child.once('error', (error) => fail(`Node 24 could not be started: ${error.message}`));
child.once('exit', (code, signal) => {
  if (code === null) fail(`the run was ended by ${signal}`);
  process.exit(code);
});
