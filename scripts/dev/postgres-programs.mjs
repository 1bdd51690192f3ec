// Plain JavaScript: scripts/quickstart.mjs needs it before TypeScript can run.
import { execFileSync } from 'node:child_process';
import { accessSync, constants, readdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** @param {string} folder @param {RegExp} pattern @returns {string[]} */
function children(folder, pattern) {
  try {
    return readdirSync(folder)
      .filter((name) => pattern.test(name))
      .map((name) => join(folder, name, 'bin'));
  } catch {
    return [];
  }
}

/**
 * Every installed PostgreSQL server with its programs, newest first: BACKUP_PG_BIN_DIRS, Debian's, Red Hat's and
 * Homebrew's places, then PATH.
 * @param {string} [binDirs] BACKUP_PG_BIN_DIRS, folders separated by colons
 * @returns {{ major: number, binDir: string }[]}
 */
export function findPostgresServers(binDirs = process.env['BACKUP_PG_BIN_DIRS'] ?? '') {
  const folders = [
    ...binDirs.split(':'),
    ...children('/usr/lib/postgresql', /^\d+$/),
    ...children('/usr', /^pgsql-\d+$/),
    ...children('/opt/homebrew/opt', /^postgresql@\d+$/),
    ...children('/usr/local/opt', /^postgresql@\d+$/),
    ...(process.env['PATH'] ?? '').split(delimiter),
  ];
  /** @type {Map<number, string>} */
  const found = new Map();
  for (const folder of new Set(folders)) {
    if (folder === '') continue;
    try {
      for (const name of ['initdb', 'postgres', 'pg_dump', 'pg_restore'])
        accessSync(join(folder, name), constants.X_OK);
      const version = execFileSync(join(folder, 'postgres'), ['--version'], {
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'ignore'],
      });
      const major = Number(/\) (\d+)/.exec(version)?.[1]);
      if (major > 0 && !found.has(major)) found.set(major, folder);
    } catch {
      continue;
    }
  }
  return [...found].map(([major, binDir]) => ({ major, binDir })).sort((a, b) => b.major - a.major);
}
