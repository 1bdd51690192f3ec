import { execFileSync } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Manifest } from '#lib/contracts/manifest.ts';
import {
  DEFAULT_VERIFICATION_POLICY,
  type Check,
  type SqlCheck,
  type VerificationPolicy,
} from '#lib/contracts/verification.ts';
import { systemClock } from '#lib/core/clock.ts';
import type { AppError } from '#lib/core/errors.ts';
import { parseConfig, type Config, type PostgresConfig } from '#lib/platform/config.ts';
import { connect } from '#lib/sources/postgres/connect.ts';
import { createPostgresSource } from '#lib/sources/postgres/postgres-source.ts';
import { readFacts } from '#lib/sources/postgres/read-facts.ts';
import { readTables } from '#lib/sources/postgres/read-tables.ts';
import { selectTables } from '#lib/sources/postgres/table-selection.ts';
import type { Scratch, ScratchContext } from '#lib/sources/source.ts';
import type { TestPostgres } from '#tests/support/postgres.ts';
import { silentLog } from './loggers.ts';

/** A dump of a database that nobody changes, and the manifest that belongs to it. */
export interface Dumped extends Disposable {
  readonly file: string;
  readonly manifest: Manifest;
}

export function configOf(server: TestPostgres, database: string, more: Record<string, string> = {}): Config {
  return parseConfig({
    PGHOST: '127.0.0.1',
    PGPORT: String(server.port),
    PGUSER: 'postgres',
    PGPASSWORD: 'postgres',
    PGDATABASE: database,
    PATH: '/usr/bin:/bin',
    ...more,
  });
}

/** Runs SQL in a database of whatever name; an address would spell some of them otherwise. */
export async function sqlIn(address: PostgresConfig, text: string): Promise<Record<string, unknown>[]> {
  const sql = await connect(address);
  try {
    return [...(await sql.unsafe(text))];
  } finally {
    await sql.end({ timeout: 1 });
  }
}

/** Stock pg_dump and the reader of facts, one after the other. */
export async function dumpWithFacts(
  server: TestPostgres,
  database: string,
  {
    tables = null,
    schemaOnly = false,
  }: { readonly tables?: readonly string[] | null; readonly schemaOnly?: boolean } = {},
): Promise<Dumped> {
  const folder = mkdtempSync(join(tmpdir(), 'hf-dump-'));
  const file = join(folder, 'app.dump');
  const config = configOf(server, database);
  const sql = await connect(config.source);
  try {
    const [row] = await sql<{ version: string }[]>`select current_setting('server_version') as version`;
    const version = row?.version.split(' ')[0] ?? '';
    const reserved = await sql.reserve();
    const selection = selectTables(await readTables(reserved), tables, []);
    reserved.release();
    execFileSync(
      'pg_dump',
      [
        '-Fc',
        '-Z0',
        '-f',
        file,
        ...selection.args,
        ...(schemaOnly ? ['--schema-only'] : []),
        '-d',
        `dbname='${database.replaceAll(/['\\]/g, String.raw`\$&`)}'`,
      ],
      {
        env: {
          ...process.env,
          PGHOST: '127.0.0.1',
          PGPORT: String(server.port),
          PGUSER: 'postgres',
          PGPASSWORD: 'postgres',
        },
        stdio: ['ignore', 'ignore', 'pipe'],
      },
    );
    const facts = await readFacts(
      [sql],
      {
        tables: selection.tables,
        isChosen: tables !== null,
        isSchemaOnly: schemaOnly,
        snapshot: null,
        fingerprintVersion: null,
      },
      { takesFingerprints: true, fingerprintMaxBytes: Number.MAX_SAFE_INTEGER },
      { signal: new AbortController().signal, log: silentLog, clock: systemClock, timeUp: null },
    );
    const plain = readFileSync(file);
    const count = { bytes: plain.length, sha256: createHash('sha256').update(plain).digest('hex') };
    const pgDump =
      /\d+(\.\d+)*/.exec(execFileSync('pg_dump', ['--version'], { encoding: 'utf8' }))?.[0] ?? '';
    return {
      file,
      manifest: {
        format: 1,
        id: randomUUID(),
        holdfastVersion: '0.0.0',
        source: { kind: 'postgres', productVersion: version, database, dumpFormat: 'custom' },
        archive: 'app.dump',
        tiers: ['MANUAL'],
        description: null,
        takenAt: '2026-11-21T01:00:00.000Z',
        snapshot: null,
        tools: { pg_dump: pgDump },
        stages: [],
        options: {
          tables: tables === null ? null : [...tables],
          excludedTables: [],
          schemaOnly,
          files: null,
        },
        plain: count,
        stored: count,
        encryption: null,
        facts,
      },
      [Symbol.dispose]: () => {
        rmSync(folder, { recursive: true, force: true });
      },
    };
  } finally {
    await sql.end({ timeout: 1 });
  }
}

/** A verification's folder and all that was reported about it. */
export interface ScratchRun {
  readonly id: string;
  readonly folder: string;
  readonly checks: Check[];
  readonly errors: Map<string, AppError>;
  readonly lines: string[];
  readonly ctx: ScratchContext;
  readonly cancel: AbortController;
  /** The names of the checks with this verdict. */
  names(verdict: Check['verdict']): string[];
  check(name: string): Check | undefined;
}

export function scratchRun(folder: string): ScratchRun {
  const checks: Check[] = [];
  const errors = new Map<string, AppError>();
  const lines: string[] = [];
  const cancel = new AbortController();
  return {
    id: randomUUID(),
    folder,
    checks,
    errors,
    lines,
    cancel,
    ctx: {
      signal: cancel.signal,
      log: silentLog,
      clock: systemClock,
      report: (check, error) => {
        checks.push(check);
        if (error !== undefined) errors.set(check.name, error);
      },
      say: (line) => lines.push(line),
    },
    names: (verdict) => checks.filter((check) => check.verdict === verdict).map(({ name }) => name),
    check: (name) => checks.find((check) => check.name === name),
  };
}

export async function openScratch(
  config: Config,
  run: ScratchRun,
  manifest: Manifest,
): Promise<Scratch | null> {
  const { id, folder } = run;
  return createPostgresSource(config).openScratch(run.ctx, { id, folder, manifest });
}

export const policyWith = (
  sqlChecks: SqlCheck[],
  more: Partial<VerificationPolicy> = {},
): VerificationPolicy => ({
  ...DEFAULT_VERIFICATION_POLICY,
  sqlChecks,
  ...more,
});
