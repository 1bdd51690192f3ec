import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, cpSync, existsSync, mkdirSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const fixture = resolve(import.meta.dirname, '../fixtures/postgres-majors');
const home = resolve(import.meta.dirname, '../../.cache/postgres-majors');

/**
 * The programs of a PostgreSQL server of this major version (no client programs among them), installed from a lockfile of
 * their own at first use. Copied to where the unprivileged user that must run the server can read them.
 */
export function serverBinDir(major: 13 | 14 | 17): string {
  const native = join(home, `node_modules/postgres-${String(major)}/native`);
  if (!existsSync(join(native, 'bin/postgres'))) {
    mkdirSync(home, { recursive: true });
    for (const name of ['package.json', 'package-lock.json']) {
      copyFileSync(join(fixture, name), join(home, name));
    }
    execFileSync('npm', ['ci', '--no-audit', '--no-fund'], { cwd: home, stdio: 'pipe' });
  }
  const folder = mkdtempSync(join(tmpdir(), `hf-pg${String(major)}-`));
  chmodSync(folder, 0o755);
  // Links turned absolute would lead back into a home folder that user cannot read.
  cpSync(native, folder, { recursive: true, verbatimSymlinks: true });
  return join(folder, 'bin');
}
