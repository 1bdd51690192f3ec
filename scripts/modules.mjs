import { spawnSync } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/**
 * Makes node_modules what package-lock.json says, by npm ci, where it is missing or older. Runs on Node 20 before
 * anything is installed. Throws one Error with what npm said.
 */
export function ensureModules(root, { log }) {
  const modules = join(root, 'node_modules');
  const installed = join(modules, '.package-lock.json');
  const isFresh =
    existsSync(installed) &&
    // A production install has no vitest.
    ['node', 'vitest'].every((name) => existsSync(join(modules, '.bin', name))) &&
    statSync(installed).mtimeMs >= statSync(join(root, 'package-lock.json')).mtimeMs;
  if (isFresh) return;
  log('Installing the packages of package-lock.json.');
  // npm puts this clone's own Node first on PATH; npm ci is about to delete that one.
  const path = (process.env.PATH ?? '').split(delimiter).filter((folder) => !folder.startsWith(modules));
  const result = spawnSync('npm', ['ci', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: root,
    env: { ...process.env, PATH: path.join(delimiter) },
    stdio: ['ignore', 'pipe', 'pipe'],
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
    timeout: 15 * 60_000,
  });
  if (result.status !== 0) {
    const said = `${result.stdout ?? ''}${result.stderr ?? ''}${result.error?.message ?? ''}`;
    throw new Error(`npm ci did not succeed; a network or a full disk is the usual cause\n${said}`);
  }
}
