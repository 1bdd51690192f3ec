import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Facts } from '#lib/contracts/facts.ts';
import type { ArchiveResult } from '#lib/engine/archive.ts';
import { parseConfig } from '#lib/platform/config.ts';
import { choosePostgresTool } from '#lib/tools/find-postgres-tools.ts';
import { checkReadable } from '#lib/sources/postgres/check-readable.ts';
import { compareFacts } from '#lib/sources/postgres/compare-facts.ts';
import { connect } from '#lib/sources/postgres/connect.ts';
import type { StoredBackup } from '#tests/support/broken-backups.ts';
import { configFor, everyFact, factsOf } from '#tests/support/facts.ts';
import { startPostgres, type TestPostgres } from '#tests/support/postgres.ts';
import { serverBinDir } from '#tests/support/postgres-majors.ts';
import { takeArchive } from '#tests/support/take-archive.ts';
import { noteOf, verifyBackup } from '#tests/support/verify-backup.ts';

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
  return await takeArchive(config);
}

/** A restore into this server, held against the manifest. */
const verifyIn = (server: TestPostgres, backup: StoredBackup) =>
  verifyBackup(
    parseConfig({
      HOLDFAST_DATA_DIR: join(backup.folder, 'data'),
      BACKUP_LOCAL_PATH: backup.folder,
      BACKUP_VERIFY_DATABASE_URL: server.url('postgres').reveal(),
      PATH: process.env['PATH'] ?? '',
    }),
    backup,
    'restore',
    { recorded: noteOf(backup) },
  );

/** One table a type: its values, and null. */
const KINDS: Readonly<Record<string, readonly string[]>> = {
  int2: ['-1', '32767'],
  int4: ['-1', '2147483647'],
  int8: ['-1', '4294967297', '-9223372036854775808'],
  oid: ['0', '4294967295'],
  bool: ['t', 'f'],
  '"char"': ['a', ''],
  date: ['2024-02-29', '0044-03-15 BC', 'infinity'],
  uuid: ['a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'],
  bytea: [String.raw`\x`, String.raw`\x00ff`],
  text: ['', 'ä b ', '日本'],
  varchar: ['', 'ä b '],
  'char(9)': ['', 'ä b '],
  name: ['', 'ä'],
  numeric: ['NaN', '0', '0.00', '-1.10', '1e30', '1e-30', '12345678901234567890.123456789'],
  float4: ['NaN', '-0', '0.1', '1e-40', '-Infinity'],
  float8: ['NaN', '-0', '0.1', '5e-324', 'Infinity'],
  timestamp: ['2024-02-29 12:00:00.000001', '-infinity', '0044-03-15 BC'],
  timestamptz: ['2024-02-29 12:00:00.5+05:30', 'infinity'],
  time: ['00:00', '24:00', '12:00:00.000001'],
  timetz: ['12:00+05:30', '00:00-12'],
  interval: ['1 year -2 mons 3 days -04:05:06.789', '0', '-178000000 years'],
  json: ['{"a" : 1.0}'],
  jsonb: ['{"b": 1.0, "a": [null, "é"]}'],
  'numeric[]': ['{1.0,NULL}', '{}'],
  int4range: ['[1,5)', 'empty'],
  xml: ['<a>é</a>'],
  inet: ['10.0.0.1/24', '::1'],
  money: ['-1.50'],
  'bit varying': ['', '101'],
  tsvector: ['fat:1A cat:2'],
  box: ['(1,1),(0,0)'],
};
const EVERY_KIND = Object.entries(KINDS)
  .map(
    ([type, values], index) =>
      `create table k${String(index)} (v ${type}); insert into k${String(index)} values (null), ${values.map((one) => `('${one}')`).join(', ')}`,
  )
  .join(';');

/** Of `items (id)` with 1 to 100, by version, on every server that takes it. */
const FINGERPRINT_OF_100: Readonly<Record<number, string>> = {
  1: 'f21c22bc279193cdefac164463a38e71',
  2: 'c4bce52a918e295a457e290cae98e7cb',
};

test.each([
  { major: 13, fingerprintVersion: 1 },
  { major: 14, fingerprintVersion: 2 },
] as const)(
  'a server of major $major is read by a newer pg_dump, its fingerprints are of version $fingerprintVersion, and hold on the newest server',
  async ({ major, fingerprintVersion }) => {
    const binDir = serverBinDir(major);
    const out = mkdtempSync(join(tmpdir(), 'hf-majors-'));
    try {
      const { manifest, storagePath } = await backUp(binDir, out);
      expect(manifest.source.productVersion).toMatch(new RegExp(`^${String(major)}\\.`));
      expect(manifest.facts).toMatchObject({
        fingerprintVersion,
        unknownObjects: {},
        sequences: [],
        largeObjects: { unknown: null },
      });
      expect(manifest.facts.tables[0]).toMatchObject({
        rows: 100,
        fingerprint: FINGERPRINT_OF_100[fingerprintVersion],
      });
      expect(Number.parseInt(manifest.tools['pg_dump'] ?? '', 10)).toBeGreaterThanOrEqual(15);
      expect(execFileSync('pg_restore', ['--list', storagePath], { encoding: 'utf8' })).toContain('items');
      await using newest = await startPostgres();
      const verified = await verifyIn(newest, { folder: out, archive: manifest.archive });
      expect(verified.checks.find(({ name }) => name === 'content:public.items')).toMatchObject({
        verdict: 'PASSED',
        found: FINGERPRINT_OF_100[fingerprintVersion],
      });
      // A column of version 13 has no compression, and one of a later version has: that is another definition.
      expect(verified.named('FAILED')).toEqual(major === 13 ? ['columns'] : []);
      expect(verified.outcome.proven).toBe(major !== 13);
    } finally {
      rmSync(out, { recursive: true });
      rmSync(join(binDir, '..'), { recursive: true });
    }
  },
);

test('a copy on a server that cannot take the fingerprints of its backup is neither proven nor refuted', async () => {
  const binDir = serverBinDir(13);
  try {
    await using newest = await startPostgres();
    await using older = await startPostgres({ binDir });
    for (const server of [newest, older]) {
      await server.createDatabase('app');
      await server.sql('app', 'create table items as select g id from generate_series(1, 100) g');
    }
    const expected = await factsOf(newest, 'app');
    const found = await factsOf(older, 'app', everyFact, { fingerprintVersion: 2 });
    const contentOf = (wanted: Facts, there: Facts) =>
      compareFacts(wanted, there, { incomparable: {}, descending: new Set() }).find(
        ({ name }) => name === 'content:public.items',
      );
    expect(contentOf(expected, found)).toMatchObject({ verdict: 'UNKNOWN', isRequired: true, found: null });
    const sql = await connect(configFor(older, 'app').source);
    try {
      expect(await checkReadable(sql, found)).toMatchObject({ verdict: 'UNKNOWN', isRequired: true });
    } finally {
      await sql.end({ timeout: 1 });
    }
    // As of a version that is not made yet.
    const later = await factsOf(newest, 'app', everyFact, { fingerprintVersion: 3 });
    expect(contentOf({ ...expected, fingerprintVersion: 3 }, later)?.verdict).toBe('UNKNOWN');
    // The manifest of an older server's backup names version 1, which every server takes.
    expect(
      contentOf(
        await factsOf(older, 'app'),
        await factsOf(newest, 'app', everyFact, { fingerprintVersion: 1 }),
      ),
    ).toMatchObject({ verdict: 'PASSED' });
  } finally {
    rmSync(join(binDir, '..'), { recursive: true });
  }
});

test('values of every kind have the same fingerprints on every major', async () => {
  const made = [13, 14, 17].map((major) => ({ major, binDir: serverBinDir(major as 13 | 14 | 17) }));
  const seen = new Map<string, Set<string>>();
  try {
    for (const { major, binDir } of [...made, { major: null, binDir: undefined }]) {
      await using server = await startPostgres(binDir === undefined ? {} : { binDir });
      await server.createDatabase('app');
      await server.sql('app', EVERY_KIND);
      for (const fingerprintVersion of major === 13 ? [1] : [1, 2]) {
        const { tables } = await factsOf(server, 'app', everyFact, { fingerprintVersion });
        for (const { name, fingerprint } of tables) {
          const key = `${name}, version ${String(fingerprintVersion)}`;
          seen.set(key, (seen.get(key) ?? new Set()).add(fingerprint ?? 'none'));
        }
      }
    }
    expect([...seen.values()].flatMap((prints) => [...prints])).not.toContain('none');
    expect([...seen].filter(([, prints]) => prints.size > 1).map(([key]) => key)).toEqual([]);
    expect(seen.size).toBeGreaterThan(50);
  } finally {
    for (const { binDir } of made) rmSync(join(binDir, '..'), { recursive: true });
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
