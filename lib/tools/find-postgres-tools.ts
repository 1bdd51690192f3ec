import { readdir, realpath } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { AppError } from '../core/errors.ts';
import type { RunContext } from '../core/run-context.ts';
import type { Config } from '../platform/config.ts';
import { isExecutable, type Program } from './find-program.ts';
import { readTool } from './read-tool.ts';

export interface PostgresTool extends Program {
  readonly major: number;
}

/** Where installers put one folder a major version; `*` stands for one path part. */
const usualPlaces = [
  '/usr/lib/postgresql/*/bin',
  '/usr/pgsql-*/bin',
  '/opt/homebrew/opt/postgresql@*/bin',
  '/opt/homebrew/opt/libpq/bin',
  '/usr/local/opt/postgresql@*/bin',
  '/usr/local/opt/libpq/bin',
  '/Applications/Postgres.app/Contents/Versions/*/bin',
  '/Library/PostgreSQL/*/bin',
];

async function expand(place: string): Promise<string[]> {
  const [before, after] = place.split('*');
  if (before === undefined || after === undefined) return [place];
  const parent = before.slice(0, before.lastIndexOf('/'));
  const start = before.slice(before.lastIndexOf('/') + 1);
  try {
    const names = await readdir(parent);
    return names.filter((name) => name.startsWith(start)).map((name) => `${parent}/${name}${after}`);
  } catch {
    return [];
  }
}

/** All programs of this name on this machine, in the order of search: BACKUP_PG_BIN_DIRS, usual places, PATH. */
export async function listPostgresTools(
  config: Pick<Config, 'pgBinDirs' | 'searchPath'>,
  name: 'pg_dump' | 'pg_restore' | 'pg_basebackup' | 'postgres',
  ctx: Pick<RunContext, 'signal'>,
): Promise<readonly PostgresTool[]> {
  const usual = (await Promise.all(usualPlaces.map(expand))).flat();
  const found = new Map<string, PostgresTool>();
  for (const folder of [...config.pgBinDirs, ...usual, ...config.searchPath]) {
    const file = join(folder, name);
    if (!folder.startsWith('/') || !(await isExecutable(file))) continue;
    const real = await realpath(file);
    // Debian's /usr/bin/pg_dump is a script that picks a version by rules of its own.
    if (found.has(real) || basename(real) === 'pg_wrapper') continue;
    const version = /(\d+(?:\.\d+|beta\d+|rc\d+|devel)?)/.exec(
      await readTool(ctx, { file, args: ['--version'] }),
    )?.[1];
    if (version !== undefined) found.set(real, { file, version, major: Number.parseInt(version, 10) });
  }
  return [...found.values()];
}

/**
 * The program that fits a server: of the same major version, else of the next newer one. An older one cannot read the
 * server's catalogs, so it is refused here (`tool_version`) and not in the middle of the night by a failed dump; none at
 * all is `tool_missing`.
 */
export function choosePostgresTool(
  tools: readonly PostgresTool[],
  name: 'pg_dump' | 'pg_restore' | 'pg_basebackup',
  serverMajor: number,
): PostgresTool {
  const [best] = tools.filter(({ major }) => major >= serverMajor).sort((a, b) => a.major - b.major);
  if (best !== undefined) return best;
  const wanted = `postgresql-client-${serverMajor}`;
  const hint = `Install "${wanted}" (apt-get install ${wanted}; brew install postgresql@${serverMajor}), or name its folder in BACKUP_PG_BIN_DIRS.`;
  const newest = [...tools].sort((a, b) => b.major - a.major)[0];
  if (newest === undefined) {
    throw new AppError('tool_missing', `${name} is not installed on this machine`, {
      hint,
      fields: { tool: name, serverMajor },
    });
  }
  throw new AppError(
    'tool_version',
    `${name} ${newest.version} is older than the server, which is version ${serverMajor}`,
    { hint, fields: { tool: name, toolVersion: newest.version, serverMajor } },
  );
}

/** The programs of one server, which belong together. */
export interface PostgresServer {
  readonly postgres: string;
  readonly initdb: string;
  /** For example `15.18`. */
  readonly version: string;
  readonly major: number;
}

/** The first server program of each major in the order of search; one without an initdb beside it is no use. */
export async function listPostgresServers(
  config: Pick<Config, 'pgBinDirs' | 'searchPath'>,
  ctx: Pick<RunContext, 'signal'>,
): Promise<readonly PostgresServer[]> {
  const servers: PostgresServer[] = [];
  for (const { file, version, major } of await listPostgresTools(config, 'postgres', ctx)) {
    const initdb = join(dirname(file), 'initdb');
    if (servers.some((server) => server.major === major) || !(await isExecutable(initdb))) continue;
    servers.push({ postgres: file, initdb, version, major });
  }
  return servers;
}
