import { execFileSync } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { getPriority, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { Manifest } from '#lib/contracts/manifest.ts';
import { systemClock } from '#lib/core/clock.ts';
import { AppError } from '#lib/core/errors.ts';
import type { ProgressUpdate, RunContext } from '#lib/core/run-context.ts';
import { makeArchive, removeArchive, type ArchiveHooks } from '#lib/engine/archive.ts';
import { parseConfig, type Config } from '#lib/platform/config.ts';
import { RESTORE_KIT } from '#tests/support/backups.ts';
import { childrenOf, endAll } from '#tests/support/children.ts';
import { withSmallTmpfs } from '#tests/support/faults.ts';
import { notingLog } from '#tests/support/loggers.ts';
import { describeWith } from '#tests/support/needs.ts';
import { postgresBinDir, startPostgres, type TestPostgres } from '#tests/support/postgres.ts';
import { archiveRequest, noHooks } from '#tests/support/take-archive.ts';

const CANARY = 'canary-4f1c-password';
let server: TestPostgres;
let folder: string;
let out: string;

beforeAll(async () => {
  server = await startPostgres();
  await server.createDatabase('app');
  await server.sql(
    'app',
    `create table items (id bigint generated always as identity primary key, name text, body bytea);
     insert into items (name, body) select 'item ' || g, sha256(g::text::bytea) from generate_series(1, 5000) g;
     create schema sales;
     create table sales."Odd ""Name*" (a int); insert into sales."Odd ""Name*" select generate_series(1, 7);
     create table sales.other (a int); insert into sales.other values (1);
     create table _prisma_migrations (id text);
     create table events (at date, n int) partition by range (at);
     create table events_2026 partition of events for values from ('2026-01-01') to ('2027-01-01');
     insert into events values ('2026-02-03', 1), ('2026-02-04', 2);
     create role reader login password '${CANARY}' superuser;`,
  );
  await server.createDatabase('big');
  await server.sql(
    'big',
    `create table big as select g id, sha256(g::text::bytea) a, sha256((g * 3)::text::bytea) b, sha256((g * 7)::text::bytea) c
     from generate_series(1, 400000) g`,
  );
});
afterAll(() => server[Symbol.asyncDispose]());
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hf-archive-'));
  out = join(folder, 'out');
  return () => {
    rmSync(folder, { recursive: true, force: true });
  };
});

const configured = (more: Record<string, string> = {}): Config =>
  parseConfig({
    PGHOST: '127.0.0.1',
    PGPORT: String(server.port),
    PGUSER: 'reader',
    PGPASSWORD: CANARY,
    PGDATABASE: 'app',
    BACKUP_LOCAL_PATH: out,
    PATH: process.env['PATH'] ?? '',
    ...more,
  });
interface TestRun extends RunContext {
  readonly abort: AbortController;
  readonly logged: string[];
}
function running(onProgress: (update: ProgressUpdate) => void = () => undefined): TestRun {
  const abort = new AbortController();
  const logged: string[] = [];
  return {
    runId: randomUUID(),
    abort,
    signal: abort.signal,
    clock: systemClock,
    log: notingLog(logged),
    logged,
    workDir: folder,
    progress: onProgress,
  };
}

const restore = async (dump: Buffer): Promise<string> => {
  const name = `restored_${randomUUID().slice(0, 8)}`;
  await server.createDatabase(name);
  execFileSync(
    join(postgresBinDir(), 'pg_restore'),
    ['--exit-on-error', '--dbname', server.url(name).reveal()],
    {
      input: dump,
    },
  );
  return name;
};
const count = async (database: string, table: string): Promise<number> =>
  Number((await server.sql<{ n: string }>(database, `select count(*) n from ${table}`))[0]?.n);
const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');
const pidsOf = (name: string): string[] =>
  readdirSync('/proc').filter((pid) => {
    try {
      const cmdline = readFileSync(`/proc/${pid}/cmdline`, 'utf8');
      // Our own programs only: they carry this server's port in their environment.
      return (
        cmdline.split('\0')[0]?.endsWith(name) === true &&
        readFileSync(`/proc/${pid}/environ`, 'utf8').includes(`PGPORT=${String(server.port)}`)
      );
    } catch {
      return false;
    }
  });
const filesOf = (): string[] => {
  try {
    return readdirSync(out).filter((name) => !name.includes('.partial') && !RESTORE_KIT.includes(name));
  } catch {
    return [];
  }
};

describe('an archive opens with stock tools, and the manifest tells the truth', () => {
  test('zstd', async () => {
    const result = await makeArchive(
      configured(),
      archiveRequest({ description: 'before the move' }),
      noHooks,
      running(),
    );
    expect(result.filename).toBe('ims_backup_2026-11-21_01-00.dump.zst');
    const stored = readFileSync(join(out, result.filename));
    const plain = execFileSync('zstd', ['-dc'], { input: stored, maxBuffer: 1e9 });
    const manifest = Manifest.parse(
      JSON.parse(readFileSync(join(out, `${result.filename}.manifest.json`), 'utf8')),
    );
    expect(manifest).toEqual(result.manifest);
    expect(manifest.stored).toEqual({ bytes: stored.length, sha256: sha256(stored) });
    expect(manifest.plain).toEqual({ bytes: plain.length, sha256: sha256(plain) });
    expect(manifest.snapshot).not.toBeNull();
    expect(manifest.description).toBe('before the move');
    expect(manifest.facts.tables.map(({ name }) => name).sort()).toEqual(
      ['Odd "Name*', 'events', 'events_2026', 'items', 'other'].sort(),
    );
    const database = await restore(plain);
    expect(await count(database, 'items')).toBe(5000);
    expect(await count(database, 'sales."Odd ""Name*"')).toBe(7);
    expect(await count(database, 'events')).toBe(2);
    await expect(count(database, '_prisma_migrations')).rejects.toThrow(/does not exist/);
  });

  test('gzip is a plain .dump; a second of the same minute is -2 and leaves the first alone', async () => {
    const config = configured({ BACKUP_COMPRESSION: 'gzip' });
    const first = await makeArchive(config, archiveRequest(), noHooks, running());
    const before = sha256(readFileSync(join(out, first.filename)));
    const second = await makeArchive(config, archiveRequest(), noHooks, running());
    expect([first.filename, second.filename]).toEqual([
      'ims_backup_2026-11-21_01-00.dump',
      'ims_backup_2026-11-21_01-00-2.dump',
    ]);
    expect(sha256(readFileSync(join(out, first.filename)))).toBe(before);
    expect(await count(await restore(readFileSync(join(out, second.filename))), 'items')).toBe(5000);
    await removeArchive(config, [{ destination: 'local', key: second.filename }], running());
    await removeArchive(config, [{ destination: 'local', key: second.filename }], running());
    expect(filesOf().sort()).toEqual([first.filename, `${first.filename}.manifest.json`]);
  });

  test('of several that choose one name at once each is whole or was refused; none removes another’s', async () => {
    // Small, so that their dumps begin in the same second and have the same bytes.
    const config = configured({ BACKUP_EXCLUDE_TABLES: '' });
    const only = archiveRequest({ tables: ['sales.other'] });
    const outcomes = await Promise.allSettled(
      Array.from({ length: 6 }, () => makeArchive(config, { ...only, id: randomUUID() }, noHooks, running())),
    );
    const made = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
    expect(made.length).toBeGreaterThan(0);
    expect(filesOf().sort()).toEqual(
      made.flatMap(({ filename }) => [filename, `${filename}.manifest.json`]).sort(),
    );
    for (const { filename, stored, manifest } of made) {
      expect(sha256(readFileSync(join(out, filename)))).toBe(stored.sha256);
      expect(JSON.parse(readFileSync(join(out, `${filename}.manifest.json`), 'utf8'))).toEqual(manifest);
    }
    for (const outcome of outcomes) {
      if (outcome.status === 'rejected') expect(outcome.reason).toMatchObject({ code: 'object_exists' });
    }
  });

  test('encrypted: age -d opens it, a cut file fails', async () => {
    const key = execFileSync('age-keygen', { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
    writeFileSync(join(folder, 'key'), key);
    const recipient = /age1[0-9a-z]+/.exec(key)?.[0] ?? '';
    const { filename, manifest } = await makeArchive(
      configured({ BACKUP_AGE_RECIPIENTS: recipient }),
      archiveRequest(),
      noHooks,
      running(),
    );
    expect(filename).toBe('ims_backup_2026-11-21_01-00.dump.zst.age');
    expect(manifest.encryption?.recipients).toEqual([recipient]);
    const stored = readFileSync(join(out, filename));
    const open = (input: Buffer): Buffer =>
      execFileSync('age', ['-d', '-i', join(folder, 'key')], { input, maxBuffer: 1e9, stdio: 'pipe' });
    const dump = execFileSync('zstd', ['-dc'], { input: open(stored), maxBuffer: 1e9 });
    expect(await count(await restore(dump), 'items')).toBe(5000);
    expect(() => open(stored.subarray(0, stored.length - 100))).toThrow();
    expect(JSON.stringify(manifest)).not.toContain('AGE-SECRET-KEY');
  });

  test('chosen tables: odd names are literal, partitions come along, a wrong name is refused', async () => {
    const { manifest } = await makeArchive(
      configured(),
      archiveRequest({ tables: ['sales.Odd "Name*', 'events'] }),
      noHooks,
      running(),
    );
    expect(manifest.facts.tables.map(({ name }) => name).sort()).toEqual([
      'Odd "Name*',
      'events',
      'events_2026',
    ]);
    await expect(
      makeArchive(configured(), archiveRequest({ tables: ['items', 'nowhere'] }), noHooks, running()),
    ).rejects.toMatchObject({ code: 'invalid', fields: { table: 'nowhere' } });
    await expect(
      makeArchive(configured(), archiveRequest({ tables: ['item*'] }), noHooks, running()),
    ).rejects.toMatchObject({ code: 'invalid' });
  });

  test('schema only holds no rows', async () => {
    const { filename } = await makeArchive(
      configured(),
      archiveRequest({ schemaOnly: true }),
      noHooks,
      running(),
    );
    const dump = execFileSync('zstd', ['-dc', join(out, filename)], { maxBuffer: 1e9 });
    expect(await count(await restore(dump), 'items')).toBe(0);
  });
});

describe('bad luck: a clear code, nothing under the final name, no process left', () => {
  const failing = async (
    config: Config,
    act: (run: TestRun) => void | Promise<void>,
  ): Promise<{ error: AppError; run: TestRun }> => {
    let hasActed = false;
    const run: TestRun = running(({ phase, bytes }) => {
      if (hasActed || phase !== 'dumping' || bytes < 1_000_000) return;
      hasActed = true;
      void act(run);
    });
    const error = await makeArchive(config, archiveRequest(), noHooks, run).then(
      () => {
        throw new Error('it succeeded');
      },
      (thrown: unknown) => thrown as AppError,
    );
    expect(filesOf()).toEqual([]);
    expect(pidsOf('pg_dump')).toEqual([]);
    expect(childrenOf(process.pid).filter(({ argv }) => /count-bytes|zstd/.test(argv))).toEqual([]);
    const told = JSON.stringify([error.message, error.hint, error.fields, run.logged]) + String(error.stack);
    expect(told).not.toContain(CANARY);
    return { error, run };
  };
  const big = (more: Record<string, string> = {}): Config => configured({ PGDATABASE: 'big', ...more });

  test('pg_dump killed; its argv holds no password', async () => {
    let argv = '';
    const { error } = await failing(big(), () => {
      const [pid] = pidsOf('pg_dump');
      argv = readFileSync(`/proc/${pid ?? ''}/cmdline`, 'utf8');
      process.kill(Number(pid), 'SIGKILL');
    });
    expect(error).toMatchObject({ code: 'tool_failed' });
    expect(argv).toContain('--format=custom');
    expect(argv).not.toContain(CANARY);
  });

  test.each([
    ['the program that counts', 'count-bytes.mjs', 'the program that counts bytes was ended by SIGKILL'],
    ['zstd', 'zstd', 'zstd was ended by SIGKILL'],
  ])('%s killed', async (_, name, message) => {
    const { error } = await failing(big(), () => {
      endAll(childrenOf(process.pid).filter(({ argv }) => argv.includes(name)));
    });
    expect(error).toMatchObject({ code: 'tool_failed', message });
  });

  test('cancelled; until then its programs step back for the server', async () => {
    let levels: number[] = [];
    const { error } = await failing(big(), (run) => {
      levels = childrenOf(process.pid)
        .filter(({ argv }) => /pg_dump|count-bytes|zstd/.test(argv))
        .map(({ pid }) => getPriority(pid) - getPriority());
      run.abort.abort(new AppError('cancelled', 'stop'));
    });
    expect(error.code).toBe('cancelled');
    expect(levels).toEqual([10, 10, 10]);
  });

  test('server gone in the middle', async () => {
    try {
      const { error } = await failing(big(), () => server.stop('SIGQUIT'));
      expect(error.code).toBe('source_unreachable');
      expect(error.hint).toBeDefined();
    } finally {
      await server.stop();
      await server.start();
    }
  });

  test.each([
    ['wrong password', { PGPASSWORD: 'not-it' }, 'source_auth'],
    ['wrong database', { PGDATABASE: 'nowhere' }, 'config'],
    ['nobody listens', { PGPORT: '1' }, 'source_unreachable'],
    ['unknown host', { PGHOST: 'nowhere.invalid' }, 'source_unreachable'],
  ])('%s', async (_name, more, code) => {
    const { error } = await failing(configured(more), () => undefined);
    expect(error).toMatchObject({ code, hint: expect.any(String) as string });
  });

  test('bytes changed on the way are caught by the read-back', async () => {
    const hooks: ArchiveHooks = {
      writing: (_destination, _key, filename) => {
        // Changes a byte as soon as the archive has its final name, before it can have been read to the end.
        const timer = setInterval(() => {
          try {
            const bytes = readFileSync(join(out, filename));
            bytes[bytes.length - 1]! ^= 1;
            writeFileSync(join(out, filename), bytes);
            clearInterval(timer);
          } catch {
            // Not there yet.
          }
        }, 1);
        return Promise.resolve();
      },
      stored: () => Promise.reject(new Error('was called damaged bytes stored')),
    };
    await expect(makeArchive(big(), archiveRequest(), hooks, running())).rejects.toMatchObject({
      code: 'integrity',
    });
    expect(filesOf()).toEqual([]);
  });
});

describeWith('a full disk')('a full disk', () => {
  test('is storage_full, leaves nothing, and ends pg_dump', async () => {
    await withSmallTmpfs(8, async (path) => {
      const config = configured({ PGDATABASE: 'big', BACKUP_LOCAL_PATH: path });
      await expect(makeArchive(config, archiveRequest(), noHooks, running())).rejects.toMatchObject({
        code: 'storage_full',
      });
      expect(readdirSync(path)).toEqual([]);
      expect(pidsOf('pg_dump')).toEqual([]);
    });
  });
});
