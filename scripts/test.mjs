// Runs on any Node from 20 with nothing installed: only Node's own modules here, and plain JavaScript.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { delimiter, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ensurePrograms } from './programs.mjs';

const root = resolve(fileURLToPath(new URL('..', import.meta.url)));
const modules = join(root, 'node_modules');
const bin = join(modules, '.bin');

/** Ends the run; the last line is what tools read, so even this says it. */
function fail(message) {
  process.stdout.write(`error: ${message}\n0 passed, 1 failed, 0 skipped\n`);
  process.exit(1);
}
const log = (line) => process.stdout.write(`${line}\n`);

function ensureModules() {
  const installed = join(modules, '.package-lock.json');
  const isFresh =
    existsSync(installed) &&
    // A production install has no vitest.
    ['node', 'vitest'].every((name) => existsSync(join(bin, name))) &&
    statSync(installed).mtimeMs >= statSync(join(root, 'package-lock.json')).mtimeMs;
  if (isFresh) return;
  log('installing the packages of package-lock.json');
  // npm puts this clone's own Node first on PATH; npm ci is about to delete that one.
  const path = (process.env.PATH ?? '').split(delimiter).filter((folder) => !folder.startsWith(modules));
  const { status, stdout, stderr } = spawnSync('npm', ['ci', '--include=dev', '--no-audit', '--no-fund'], {
    cwd: root,
    env: { ...process.env, PATH: path.join(delimiter) },
    stdio: ['ignore', 'pipe', 'pipe'],
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
    timeout: 10 * 60_000,
  });
  if (status !== 0) fail(`npm ci did not succeed\n${stdout ?? ''}${stderr ?? ''}`);
}

ensureModules();
try {
  const browserAndStore = ['chromium', 'ceph-mon', 'ceph-osd', 'radosgw', 'ceph'];
  ensurePrograms(
    ['postgres', 'pg_dump', 'pg_restore', 'psql', 'zstd', 'age', 'age-keygen', ...browserAndStore],
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
