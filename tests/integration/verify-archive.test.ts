import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { manifestText } from '#lib/contracts/manifest.ts';
import {
  DEFAULT_VERIFICATION_POLICY,
  type Check,
  type Depth,
  type VerifyEvent,
  type VerifyOrder,
  type VerifyOutcome,
} from '#lib/contracts/verification.ts';
import { systemClock } from '#lib/core/clock.ts';
import { AppError } from '#lib/core/errors.ts';
import { parseConfig, type Config } from '#lib/platform/config.ts';
import { createLogger } from '#lib/platform/logger.ts';
import { verifyArchive } from '#lib/verify/verify-archive.ts';
import { findProgram } from '#scripts/programs.mjs';
import {
  archivePath,
  copyBackup,
  DAMAGES,
  flipBit,
  fitManifest,
  forgeManifest,
  manifestPath,
  readManifestFile,
  type StoredBackup,
} from '#tests/support/broken-backups.ts';
import { withSmallTmpfs } from '#tests/support/faults.ts';
import { describeWith } from '#tests/support/needs.ts';
import { freePort, startPostgres, type TestPostgres } from '#tests/support/postgres.ts';
import { takeBackup } from '#tests/support/verify-backup.ts';

let server: TestPostgres;
let home: string;
let folder: string;
const keys: { file: string; recipient: string }[] = [];

const key = (name: string): { file: string; recipient: string } => {
  const file = join(home, name);
  execFileSync('age-keygen', ['-o', file], { stdio: 'ignore' });
  return { file, recipient: execFileSync('age-keygen', ['-y', file], { encoding: 'utf8' }).trim() };
};
const configured = (more: Record<string, string> = {}): Config =>
  parseConfig({
    PGHOST: '127.0.0.1',
    PGPORT: String(server.port),
    PGUSER: 'postgres',
    PGPASSWORD: 'postgres',
    PGDATABASE: 'app',
    HOLDFAST_DATA_DIR: join(folder, 'data'),
    PATH: process.env['PATH'] ?? '',
    ...more,
  });

type Kind = 'zstd' | 'gzip' | 'age';
const good = {} as Record<Kind, { backup: StoredBackup; other: StoredBackup }>;
const take = (database: string, name: string, more: Record<string, string>): Promise<StoredBackup> =>
  takeBackup(configured({ PGDATABASE: database, BACKUP_LOCAL_PATH: join(home, name), ...more }));
const quiet = (signal = new AbortController().signal) => ({
  signal,
  clock: systemClock,
  log: createLogger('error'),
});

beforeAll(async () => {
  server = await startPostgres();
  home = mkdtempSync(join(tmpdir(), 'hf-verify-'));
  folder = home;
  for (const [index, database] of ['app', 'other'].entries()) {
    await server.createDatabase(database);
    await server.sql(
      database,
      `create table items as select g + ${String(index)} id, sha256((g + ${String(index)})::text::bytea) body from generate_series(1, 40000) g;
       create schema "two words"; create table "two words"."a ""b" (a int); create table "two words"."a" (a int);
       create table events (at date, n int) partition by range (at);
       create table events_2026 partition of events for values from ('2026-01-01') to ('2027-01-01');
       create view seen as select * from items; create sequence apart;`,
    );
  }
  keys.push(key('right.txt'), key('wrong.txt'));
  const ways: Record<Kind, Record<string, string>> = {
    zstd: {},
    gzip: { BACKUP_COMPRESSION: 'gzip' },
    age: { BACKUP_AGE_RECIPIENTS: keys[0]!.recipient },
  };
  for (const kind of ['zstd', 'gzip', 'age'] as const) {
    good[kind] = {
      backup: await take('app', `${kind}-app`, ways[kind]),
      other: await take('other', `${kind}-other`, ways[kind]),
    };
  }
});
afterAll(async () => {
  rmSync(home, { recursive: true, force: true });
  await server[Symbol.asyncDispose]();
});
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hf-verify-'));
  return () => {
    rmSync(folder, { recursive: true, force: true });
  };
});

interface Seen {
  readonly outcome: VerifyOutcome;
  readonly checks: readonly Check[];
  readonly events: readonly VerifyEvent[];
  readonly verdictOf: (name: string) => string | undefined;
}
const noteOf = (backup: StoredBackup): NonNullable<VerifyOrder['recorded']> => {
  const { id, stored, checksum } = readManifestFile(backup);
  return { backupId: id, stored, manifestChecksum: checksum ?? null };
};
const orderOf = (
  backup: StoredBackup,
  depth: Depth,
  recorded: VerifyOrder['recorded'] = null,
): VerifyOrder => ({
  id: randomUUID(),
  destination: 'local',
  key: backup.archive,
  depth,
  policy: DEFAULT_VERIFICATION_POLICY,
  recorded,
});
async function verify(
  backup: StoredBackup,
  depth: Depth,
  options: { recorded?: VerifyOrder['recorded']; env?: Record<string, string>; signal?: AbortSignal } = {},
): Promise<Seen> {
  const config = configured({
    BACKUP_LOCAL_PATH: backup.folder,
    BACKUP_AGE_IDENTITY_FILE: keys[0]!.file,
    ...options.env,
  });
  const order = orderOf(backup, depth, options.recorded ?? null);
  const events: VerifyEvent[] = [];
  const outcome = await verifyArchive(config, order, (event) => events.push(event), {
    runId: order.id,
    ...quiet(options.signal),
  });
  const checks = events.flatMap((event) => (event.type === 'check' ? [event.check] : []));
  // However it ends, nothing of it is left.
  expect(existsSync(join(config.verify.dir, order.id))).toBe(false);
  return {
    outcome,
    checks,
    events,
    verdictOf: (name) => checks.find((check) => check.name === name)?.verdict,
  };
}
const copy = (kind: Kind): StoredBackup => copyBackup(good[kind].backup, join(folder, 'copy'));

describe.each(['zstd', 'gzip', 'age'] as const)('a %s archive', (kind) => {
  test.each(['bytes', 'archive'] as const)(
    'that is good passes %s, with and without the catalogue',
    async (depth) => {
      const backup = copy(kind);
      for (const recorded of [null, noteOf(backup)]) {
        const { outcome, checks } = await verify(backup, depth, { recorded });
        expect(checks.filter(({ verdict }) => verdict !== 'PASSED')).toEqual([]);
        expect(outcome).toEqual({
          status: 'PASSED',
          proven: false,
          restoreMs: null,
          place: null,
          error: null,
        });
        expect(checks.map(({ name }) => name)).toEqual(
          expect.arrayContaining([
            'manifest',
            'object',
            'size',
            'sha256',
            ...(depth === 'bytes' ? [] : ['decode', 'contents']),
          ]),
        );
      }
    },
  );

  // What else can be broken is found in the same way at every depth, and corpus.test.ts shows it at the deepest.
  const ownToDepth = DAMAGES.filter(({ check }) => ['sha256', 'decode', 'contents'].includes(check));
  test.each(ownToDepth.filter(({ needsPlain }) => kind !== 'age' || needsPlain !== true))(
    '$name: found',
    async ({ apply, depth, status, code, check }) => {
      const backup = copy(kind);
      apply(backup, good[kind].other);
      const seen = await verify(backup, depth);
      expect(seen.outcome).toMatchObject({ status, proven: false, error: { code } });
      expect(seen.verdictOf(check)).toBe(status);
      // A deeper verification finds it too, and goes no further.
      const deeper = await verify(backup, 'archive');
      expect(deeper.outcome).toMatchObject({ status, error: { code } });
      expect(deeper.checks.at(-1)?.name).toBe(seen.checks.at(-1)?.name);
    },
  );
});

describe('an archive that is written to while it is read', () => {
  /** A zstd that reads to its end, and then has `after` done to the archive. */
  const meddler = (backup: StoredBackup, after: string): Record<string, string> => {
    const bin = join(folder, 'bin');
    mkdirSync(bin);
    const real = findProgram('zstd') ?? 'zstd';
    writeFileSync(
      join(bin, 'zstd'),
      `#!/bin/sh\n${real} "$@" || exit\ncase $* in *--decompress*) ${after} '${archivePath(backup)}';; esac\n`,
      { mode: 0o755 },
    );
    return { PATH: `${bin}:${process.env['PATH'] ?? ''}` };
  };

  test.each(['archive', 'restore'] as const)('fails %s, though what was decoded was good', async (depth) => {
    const backup = copy('zstd');
    const { outcome, verdictOf } = await verify(backup, depth, { env: meddler(backup, 'printf x >>') });
    expect(outcome).toMatchObject({ status: 'FAILED', error: { code: 'integrity' } });
    expect([verdictOf('sha256'), verdictOf('decode')]).toEqual(['PASSED', 'FAILED']);
  });

  test('passes where the same bytes were written', async () => {
    const backup = copy('zstd');
    const { outcome } = await verify(backup, 'archive', { env: meddler(backup, 'touch') });
    expect(outcome.status).toBe('PASSED');
  });
});

describe('what cannot be shown is UNKNOWN, with its reason', () => {
  test('an encrypted archive where no private key is: the bytes are checked all the same', async () => {
    const { outcome, verdictOf } = await verify(copy('age'), 'archive', {
      env: { BACKUP_AGE_IDENTITY_FILE: '' },
    });
    expect(outcome).toMatchObject({ status: 'UNKNOWN', error: { code: 'wrong_key' } });
    expect(outcome.error?.hint).toContain('BACKUP_AGE_IDENTITY_FILE');
    expect([verdictOf('sha256'), verdictOf('decode')]).toEqual(['PASSED', 'UNKNOWN']);
    // What needs no key passes without one.
    const bytes = await verify(copy('age'), 'bytes', { env: { BACKUP_AGE_IDENTITY_FILE: '' } });
    expect(bytes.outcome.status).toBe('PASSED');
  });

  test.each([
    ['another key', () => keys[1]!.file],
    ['no age key', () => join(home, 'no-key.txt')],
    ['no file', () => join(home, 'nowhere.txt')],
  ])('an encrypted archive and %s', async (_, file) => {
    writeFileSync(join(home, 'no-key.txt'), 'hello\n');
    const { outcome, verdictOf } = await verify(copy('age'), 'archive', {
      env: { BACKUP_AGE_IDENTITY_FILE: file() },
    });
    expect(outcome).toMatchObject({ status: 'UNKNOWN', error: { code: 'wrong_key' } });
    expect(verdictOf('sha256')).toBe('PASSED');
  });

  test('a head that was changed is no wrong key: a recipient of the manifest cannot open it', async () => {
    const backup = copy('age');
    const head = readFileSync(archivePath(backup), 'latin1').indexOf('-> X25519 ') + 20;
    flipBit(backup, (head + 0.5) / readManifestFile(backup).stored.bytes);
    fitManifest(backup);
    const { outcome, verdictOf } = await verify(backup, 'archive');
    expect(outcome).toMatchObject({ status: 'FAILED', error: { code: 'integrity' } });
    expect(verdictOf('decode')).toBe('FAILED');
  });

  test('an archive that a newer pg_dump wrote', async () => {
    const backup = copy('zstd');
    forgeManifest(backup, ({ tools }) => {
      tools['pg_dump'] = '99.1';
    });
    const { outcome, verdictOf } = await verify(backup, 'archive');
    expect(outcome).toMatchObject({ status: 'UNKNOWN', error: { code: 'tool_version' } });
    expect(verdictOf('sha256')).toBe('PASSED');
  });

  test('a manifest that a newer Holdfast wrote', async () => {
    const backup = copy('zstd');
    writeFileSync(manifestPath(backup), '{"format": 2}');
    const { outcome } = await verify(backup, 'bytes');
    expect(outcome).toMatchObject({ status: 'UNKNOWN', error: { code: 'tool_version' } });
  });

  test('a manifest of an older version has no checksum, which keeps nothing from passing', async () => {
    const backup = copy('zstd');
    writeFileSync(manifestPath(backup), manifestText({ ...readManifestFile(backup), checksum: undefined }));
    const { outcome, checks } = await verify(backup, 'archive');
    expect(outcome.status).toBe('PASSED');
    expect(checks.find(({ name }) => name === 'manifest:checksum')).toMatchObject({
      verdict: 'UNKNOWN',
      isRequired: false,
    });
  });

  test('a storage that does not answer', async () => {
    const config = {
      BACKUP_S3_BUCKET: 'nowhere',
      BACKUP_S3_ENDPOINT: `http://127.0.0.1:${String(await freePort())}`,
      BACKUP_S3_ACCESS_KEY: 'a',
      BACKUP_S3_SECRET_KEY: 'b',
    };
    const order = { ...orderOf(copy('zstd'), 'bytes'), destination: 's3' as const };
    const outcome = await verifyArchive(configured(config), order, () => undefined, {
      runId: 'x',
      ...quiet(),
    });
    expect(outcome).toMatchObject({ status: 'UNKNOWN', error: { code: 'storage_unreachable' } });
  });

  test('a destination that is not configured', async () => {
    const order = { ...orderOf(copy('zstd'), 'bytes'), destination: 's3' as const };
    const outcome = await verifyArchive(configured(), order, () => undefined, { runId: 'x', ...quiet() });
    expect(outcome).toMatchObject({ status: 'UNKNOWN', error: { code: 'config' } });
  });
});

describeWith('a full disk')('a disk that is too small', () => {
  test('starts no restore, but shows what needs no disk', () =>
    withSmallTmpfs(1, async (path) => {
      const { outcome, verdictOf } = await verify(copy('zstd'), 'restore', {
        env: { BACKUP_VERIFY_DIR: join(path, 'verify') },
      });
      expect(outcome).toMatchObject({ status: 'UNKNOWN', proven: false, error: { code: 'storage_full' } });
      expect([verdictOf('disk-space'), verdictOf('decode'), verdictOf('restore')]).toEqual([
        'UNKNOWN',
        'PASSED',
        undefined,
      ]);
    }));

  test.each(['zstd', 'gzip'] as const)('that fills up while a %s archive is decoded', (kind) =>
    withSmallTmpfs(1, async (path) => {
      const backup = copy(kind);
      // The manifest promises less than there is, so that the gate lets it through.
      forgeManifest(backup, ({ plain }) => {
        plain.bytes = 1;
      });
      const { outcome } = await verify(backup, 'restore', {
        // A server elsewhere needs room for the dump alone.
        env: {
          BACKUP_VERIFY_DIR: join(path, 'verify'),
          BACKUP_VERIFY_DATABASE_URL: server.url('postgres').reveal(),
        },
      });
      expect(outcome).toMatchObject({ status: 'UNKNOWN', error: { code: 'storage_full' } });
    }),
  );
});

test('a cancelled verification is UNKNOWN with that reason, and what comes after the abort is not reported', async () => {
  const abort = new AbortController();
  const backup = copy('zstd');
  const config = configured({ BACKUP_LOCAL_PATH: backup.folder });
  const order = orderOf(backup, 'restore');
  const names: string[] = [];
  const outcome = await verifyArchive(
    config,
    order,
    (event) => {
      if (event.type === 'check') names.push(event.check.name);
      if (event.type === 'progress' && event.phase === 'decoding') {
        abort.abort(new AppError('cancelled', 'a person cancelled it'));
      }
    },
    { runId: order.id, ...quiet(abort.signal) },
  );
  expect(outcome).toMatchObject({ status: 'UNKNOWN', proven: false, error: { code: 'cancelled' } });
  expect(names).toEqual(['manifest', 'manifest:checksum', 'object', 'size']);
  expect(readdirSync(config.verify.dir)).toEqual([]);
});
