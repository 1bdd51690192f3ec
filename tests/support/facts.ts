import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { promisify } from 'node:util';
import type { Facts } from '#lib/contracts/facts.ts';
import { systemClock } from '#lib/core/clock.ts';
import { parseConfig, type Config } from '#lib/platform/config.ts';
import { connect } from '#lib/sources/postgres/connect.ts';
import { createPostgresSource } from '#lib/sources/postgres/postgres-source.ts';
import { readFacts, type FactsScope } from '#lib/sources/postgres/read-facts.ts';
import type { DumpOptions, FactsPolicy } from '#lib/sources/source.ts';
import { postgresBinDir, type TestPostgres } from './postgres.ts';
import { silentLog } from './loggers.ts';

const run = promisify(execFile);

/** Of a database that nobody changes. */
export const wholeScope: FactsScope = {
  tables: null,
  isChosen: false,
  isSchemaOnly: false,
  snapshot: null,
  fingerprintVersion: null,
};

export const everyFact: FactsPolicy = { takesFingerprints: true, fingerprintMaxBytes: 1e12 };

export const factsContext = (signal: AbortSignal = new AbortController().signal) => ({
  signal,
  log: silentLog,
  clock: systemClock,
  // pg_dump needs none.
  workDir: '',
});

export const configFor = (
  server: TestPostgres,
  database: string,
  more: Record<string, string> = {},
): Config =>
  parseConfig({
    PGHOST: '127.0.0.1',
    PGPORT: String(server.port),
    PGUSER: 'postgres',
    PGPASSWORD: 'postgres',
    PGDATABASE: database,
    PATH: process.env['PATH'],
    ...more,
  });

/** The facts of a database that nobody changes, as a verification reads those of a restored copy. */
export async function factsOf(
  server: TestPostgres,
  database: string,
  policy: FactsPolicy = everyFact,
  scope: Partial<FactsScope> = {},
): Promise<Facts> {
  const sql = await connect(configFor(server, database).source);
  try {
    return await readFacts([sql], { ...wholeScope, ...scope }, policy, { ...factsContext(), timeUp: null });
  } finally {
    await sql.end({ timeout: 1 });
  }
}

/** Dumps a database and takes its facts as a backup does. */
export async function dumpWithFacts(
  server: TestPostgres,
  database: string,
  options: Partial<DumpOptions> = {},
  environment: Record<string, string> = {},
): Promise<{ readonly bytes: Buffer; readonly facts: Facts }> {
  const source = createPostgresSource(configFor(server, database, environment));
  await using dump = await source.dump(factsContext(), {
    tables: null,
    schemaOnly: false,
    compression: 'none',
    facts: everyFact,
    ...options,
  });
  const bytes = await buffer(dump.body);
  return { bytes, facts: await dump.facts() };
}

/** Restores a dump with the stock pg_restore into a new database, for which the roles it speaks of are made first. */
export async function restoreDump(
  server: TestPostgres,
  database: string,
  dump: Buffer,
  roles: readonly string[],
): Promise<void> {
  for (const role of roles) {
    const quoted = `"${role.replaceAll('"', '""')}"`;
    const [there] = await server.sql(
      'postgres',
      `select from pg_roles where rolname = '${role.replaceAll("'", "''")}'`,
    );
    if (there === undefined) await server.sql('postgres', `create role ${quoted}`);
  }
  await server.sql('postgres', `create database "${database}" template template0`);
  const folder = mkdtempSync(join(tmpdir(), 'hf-restore-'));
  try {
    writeFileSync(join(folder, 'dump'), dump);
    await run(
      join(postgresBinDir(), 'pg_restore'),
      ['--exit-on-error', '--dbname', server.url(database).reveal(), join(folder, 'dump')],
      { env: { ...process.env, LC_ALL: 'C' } },
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Facts without what no dump carries: sizes, how long it took, and the properties of the database, which have a test of their own. */
export const comparable = (facts: Facts): Facts => ({
  ...facts,
  durationMs: null,
  database: null,
  tables: facts.tables.map((table) => ({ ...table, bytes: null })),
});
