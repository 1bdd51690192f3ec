import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { systemClock } from '#lib/core/clock.ts';
import type { Logger } from '#lib/core/run-context.ts';
import { factsPolicyOf, makeArchive, type ArchiveResult } from '#lib/engine/archive.ts';
import { DEFAULT_VERIFICATION_POLICY } from '#lib/contracts/verification.ts';
import { parseConfig } from '#lib/platform/config.ts';
import { choosePostgresTool } from '#lib/tools/find-postgres-tools.ts';
import { startPostgres } from '#tests/support/postgres.ts';
import { serverBinDir } from '#tests/support/postgres-majors.ts';

const silent: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  child: () => silent,
};

async function backUp(binDir: string, out: string): Promise<ArchiveResult> {
  await using server = await startPostgres({ binDir });
  await server.createDatabase('app');
  await server.sql('app', 'create table items as select g id from generate_series(1, 100) g');
  const config = parseConfig({
    PGHOST: '127.0.0.1',
    PGPORT: String(server.port),
    PGUSER: 'postgres',
    PGPASSWORD: 'postgres',
    PGDATABASE: 'app',
    BACKUP_LOCAL_PATH: out,
    BACKUP_COMPRESSION: 'gzip',
    PATH: '/usr/bin:/bin',
  });
  return await makeArchive(
    config,
    {
      id: randomUUID(),
      takenAt: new Date('2026-11-21T01:00:00Z'),
      tiers: ['MANUAL'],
      destinations: ['local'],
      tables: null,
      schemaOnly: false,
      description: null,
      expectedPlainBytes: null,
      factsPolicy: factsPolicyOf(DEFAULT_VERIFICATION_POLICY),
    },
    { writing: () => Promise.resolve(), stored: () => Promise.resolve() },
    {
      runId: 'majors',
      signal: new AbortController().signal,
      clock: systemClock,
      log: silent,
      workDir: out,
      progress: () => undefined,
    },
  );
}

/** Of `items (id)` with 1 to 100, on every version. */
const FINGERPRINT_OF_100 = 'f21c22bc279193cdefac164463a38e71';

test('a server of an older major is read by a newer pg_dump', async () => {
  const binDir = serverBinDir(14);
  const out = mkdtempSync(join(tmpdir(), 'hf-majors-'));
  try {
    const { manifest, storagePath } = await backUp(binDir, out);
    expect(manifest.source.productVersion).toMatch(/^14\./);
    expect(manifest.facts).toMatchObject({
      unknownObjects: {},
      sequences: [],
      largeObjects: { unknown: null },
    });
    // What 100 numbers print as does not depend on the version.
    expect(manifest.facts.tables[0]).toMatchObject({ rows: 100, fingerprint: FINGERPRINT_OF_100 });
    expect(Number.parseInt(manifest.tools['pg_dump'] ?? '', 10)).toBeGreaterThanOrEqual(15);
    expect(execFileSync('pg_restore', ['--list', storagePath], { encoding: 'utf8' })).toContain('items');
  } finally {
    rmSync(out, { recursive: true });
    rmSync(join(binDir, '..'), { recursive: true });
  }
});

test('a server newer than every pg_dump here is refused before the dump', async () => {
  const hasNewer = readdirSync('/usr/lib/postgresql').some((major) => Number(major) >= 17);
  const binDir = serverBinDir(17);
  const out = mkdtempSync(join(tmpdir(), 'hf-majors-'));
  try {
    const backup = backUp(binDir, out);
    if (hasNewer) expect((await backup).manifest.source.productVersion).toMatch(/^17\./);
    else {
      await expect(backup).rejects.toMatchObject({
        code: 'tool_version',
        hint: expect.stringContaining('postgresql-client-17') as string,
      });
      expect(readdirSync(out)).toEqual([]);
    }
  } finally {
    rmSync(out, { recursive: true });
    rmSync(join(binDir, '..'), { recursive: true });
  }
});

test('the same major wins, then the next newer one; none at all is tool_missing', () => {
  const tools = [18, 13, 15, 16].map((major) => ({
    file: `/pg/${String(major)}/pg_dump`,
    version: `${String(major)}.1`,
    major,
  }));
  expect(choosePostgresTool(tools, 'pg_dump', 15).major).toBe(15);
  expect(choosePostgresTool(tools, 'pg_dump', 17).major).toBe(18);
  expect(() => choosePostgresTool(tools, 'pg_dump', 19)).toThrow(
    expect.objectContaining({ code: 'tool_version' }),
  );
  expect(() => choosePostgresTool([], 'pg_dump', 15)).toThrow(
    expect.objectContaining({ code: 'tool_missing' }),
  );
});
