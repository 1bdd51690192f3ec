import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { AppError } from '#lib/core/errors.ts';
import { withSmallTmpfs } from '#tests/support/faults.ts';
import { describeWith } from '#tests/support/needs.ts';
import { startPostgres, type TestPostgres } from '#tests/support/postgres.ts';
import { configOf, dumpWithFacts, openScratch, policyWith, scratchRun } from '#tests/support/scratch.ts';

let server: TestPostgres;
let folder: string;
beforeAll(async () => {
  server = await startPostgres();
  folder = mkdtempSync(join(tmpdir(), 'hf-scf-'));
  chmodSync(folder, 0o755);
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

/** No program of the source's major: so that a server is asked. */
const nowhere = { BACKUP_PG_BIN_DIRS: '' };

const scratchDatabases = async (): Promise<string[]> =>
  (
    await server.sql<{ name: string }>(
      'postgres',
      "select datname as name from pg_database where datname like '%\\_verify\\_%'",
    )
  ).map(({ name }) => name);

test('a backup of another major is not restored into this one, and the reason names what to install', async () => {
  await server.createDatabase('newer');
  using dumped = await dumpWithFacts(server, 'newer');
  const newer = { ...dumped.manifest, source: { ...dumped.manifest.source, productVersion: '99.1' } };
  const run = scratchRun(folder);
  expect(await openScratch(configOf(server, 'newer', nowhere), run, newer)).toBeNull();
  expect(run.check('scratch')).toMatchObject({ verdict: 'UNKNOWN', isRequired: true });
  expect(run.errors.get('scratch')).toMatchObject({
    code: 'tool_version',
    hint: expect.stringContaining('postgresql-99') as string,
  });

  const onServer = scratchRun(folder);
  const config = configOf(server, 'newer', { BACKUP_VERIFY_DATABASE_URL: server.url('postgres').reveal() });
  expect(await openScratch(config, onServer, newer)).toBeNull();
  expect(onServer.check('version')).toMatchObject({ verdict: 'UNKNOWN', isRequired: true, expected: '99.1' });
  expect(onServer.errors.get('version')?.code).toBe('tool_version');

  const unreadable = scratchRun(folder);
  expect(
    await openScratch(configOf(server, 'newer'), unreadable, {
      ...dumped.manifest,
      tools: { pg_dump: '99.0' },
    }),
  ).toBeNull();
  expect(unreadable.errors.get('version')?.message).toContain('cannot read what pg_dump 99 wrote');
  expect(await scratchDatabases()).toEqual([]);
});

test('an extension that is not installed here leaves it open whether the backup is good', async () => {
  await server.createDatabase('extended');
  await server.sql('extended', 'create extension hstore; create table t as select 1 as a');
  using dumped = await dumpWithFacts(server, 'extended');
  // As if another machine had made it: the dump asks for an extension of a name nobody has.
  const text = readFileSync(dumped.file);
  const at = (from: number) => text.indexOf('CREATE EXTENSION IF NOT EXISTS hstore', from);
  expect(at(0)).toBeGreaterThan(0);
  for (let place = at(0); place > 0; place = at(place + 1))
    text.write('CREATE EXTENSION IF NOT EXISTS hstorf', place);
  writeFileSync(dumped.file, text);
  const run = scratchRun(folder);
  const scratch = (await openScratch(configOf(server, 'extended'), run, dumped.manifest))!;
  expect(await scratch.restore(run.ctx, dumped.file)).toBeNull();
  await scratch[Symbol.asyncDispose]();
  expect(run.check('restore')).toMatchObject({
    verdict: 'UNKNOWN',
    isRequired: true,
    reason: expect.stringContaining('"hstorf" is not installed') as string,
  });
  expect(run.errors.get('restore')).toMatchObject({
    code: 'tool_missing',
    hint: expect.stringContaining('postgresql-') as string,
  });
});

test('an archive that pg_restore refuses is FAILED; what the cluster held is gone', async () => {
  await server.createDatabase('torn');
  await server.sql('torn', 'create table t as select g, md5(g::text) from generate_series(1, 5000) g');
  using dumped = await dumpWithFacts(server, 'torn');
  const text = readFileSync(dumped.file);
  writeFileSync(dumped.file, text.subarray(0, Math.round(text.length * 0.6)));
  const run = scratchRun(folder);
  const scratch = (await openScratch(configOf(server, 'torn'), run, dumped.manifest))!;
  expect(await scratch.restore(run.ctx, dumped.file)).toBeNull();
  await scratch[Symbol.asyncDispose]();
  expect(run.names('FAILED')).toEqual(['restore']);
  expect(run.errors.get('restore')?.code).toBe('restore_failed');
  expect(existsSync(join(folder, 'cluster'))).toBe(false);
});

test('on a verification server owners are left out and told, missing roles are UNKNOWN, and the database goes', async () => {
  const name = `ü'"`.repeat(12) + 'abc';
  await server.sql('postgres', `create database "${name.replaceAll('"', '""')}"`);
  using dumped = await dumpWithFacts(server, name);
  const config = configOf(server, name, {
    BACKUP_VERIFY_DATABASE_URL: server.url('postgres').reveal(),
    BACKUP_VERIFY_ON_SOURCE: 'true',
  });
  const other = { ...dumped.manifest, source: { ...dumped.manifest.source, productVersion: '1.0' } };
  const run = scratchRun(folder);
  const scratch = (await openScratch(config, run, other))!;
  expect(scratch.place).toBe('server');
  expect(Buffer.byteLength(scratch.database)).toBeLessThanOrEqual(63);
  expect(scratch.database).toMatch(/^ü'".*_verify_\d{14}$/);
  const again = (await openScratch(config, scratchRun(folder), other))!;
  expect(again.database).not.toBe(scratch.database);
  await again[Symbol.asyncDispose]();
  expect(await scratch.restore(run.ctx, dumped.file)).not.toBeNull();
  await scratch.compare(
    run.ctx,
    policyWith([{ name: 'writes', sql: 'select 1', comparison: '=', value: 1, severity: 'critical' }]),
  );
  expect(run.names('FAILED')).toEqual([]);
  expect(run.names('UNKNOWN').sort()).toEqual(['database', 'default-privileges', 'grants', 'owners']);
  expect(run.checks.every(({ verdict, isRequired }) => verdict === 'PASSED' || !isRequired)).toBe(true);
  await scratch[Symbol.asyncDispose]();
  expect(await scratchDatabases()).toEqual([]);

  await server.sql('postgres', 'create role gone');
  await server.createDatabase('guarded');
  await server.sql(
    'guarded',
    'create table t (a int); alter table t enable row level security; create policy p on t to gone using (true)',
  );
  using guarded = await dumpWithFacts(server, 'guarded');
  await server.sql('guarded', 'drop policy p on t; drop role gone');
  const missing = scratchRun(folder);
  const onSource = { ...guarded.manifest, source: { ...guarded.manifest.source, productVersion: '1.0' } };
  const lacking = (await openScratch(
    configOf(server, 'guarded', { BACKUP_VERIFY_ON_SOURCE: 'true' }),
    missing,
    onSource,
  ))!;
  expect(lacking.place).toBe('source');
  expect(await lacking.restore(missing.ctx, guarded.file)).toBeNull();
  await lacking[Symbol.asyncDispose]();
  expect(missing.check('restore')).toMatchObject({
    verdict: 'UNKNOWN',
    reason: expect.stringContaining('the role "gone" does not exist') as string,
  });
  expect(await scratchDatabases()).toEqual([]);
});

test('a backup of chosen tables proves these; one that needs more is explained, not blamed', async () => {
  await server.createDatabase('chosen');
  await server.sql(
    'chosen',
    `create schema app; create table app.a (id serial primary key, n int); insert into app.a (n) values (1), (2);
     create type app.mood as enum ('good'); create table app.b (m app.mood);
     create table other (id int)`,
  );
  using good = await dumpWithFacts(server, 'chosen', { tables: ['app.a'] });
  using needy = await dumpWithFacts(server, 'chosen', { tables: ['app.b'] });
  const run = scratchRun(folder);
  const scratch = (await openScratch(configOf(server, 'chosen'), run, good.manifest))!;
  expect(await scratch.restore(run.ctx, good.file)).not.toBeNull();
  await scratch.compare(run.ctx, policyWith([]));
  await scratch[Symbol.asyncDispose]();
  expect(run.names('FAILED')).toEqual([]);
  expect(run.checks.filter(({ verdict, isRequired }) => verdict === 'UNKNOWN' && isRequired)).toEqual([]);
  expect(run.check('rows:app.a')).toMatchObject({ verdict: 'PASSED', found: '2 rows' });

  const lacking = scratchRun(folder);
  const second = (await openScratch(configOf(server, 'chosen'), lacking, needy.manifest))!;
  expect(await second.restore(lacking.ctx, needy.file)).toBeNull();
  await second[Symbol.asyncDispose]();
  expect(lacking.check('restore')).toMatchObject({
    verdict: 'UNKNOWN',
    reason: expect.stringContaining('outside the selection') as string,
  });
});

test('a backup without rows proves its schema', async () => {
  await server.createDatabase('bare');
  await server.sql('bare', 'create table t (id serial primary key); insert into t default values');
  using dumped = await dumpWithFacts(server, 'bare', { schemaOnly: true });
  const run = scratchRun(folder);
  const scratch = (await openScratch(configOf(server, 'bare'), run, dumped.manifest))!;
  expect(await scratch.restore(run.ctx, dumped.file)).not.toBeNull();
  await scratch.compare(run.ctx, policyWith([]));
  await scratch[Symbol.asyncDispose]();
  expect(run.names('FAILED')).toEqual([]);
  expect(run.check('rows:public.t')).toMatchObject({
    verdict: 'UNKNOWN',
    isRequired: false,
    reason: 'the backup holds no rows',
  });
  expect(run.checks.filter(({ verdict, isRequired }) => verdict === 'UNKNOWN' && isRequired)).toEqual([]);
});

/** Long enough in its restore to be met there. */
const SLOW = `create table big as select g as id, repeat(md5(g::text), 8) as t from generate_series(1, 60000) g;
  create function slow(n int) returns int language plpgsql immutable as 'begin if n < 40 then perform pg_sleep(0.5); end if; return n; end';
  create index on big (slow(id))`;

async function untilRestoring(cluster: string): Promise<number> {
  for (;;) {
    if (existsSync(join(cluster, 'data/postmaster.pid'))) {
      const out = execFileSync('ps', ['-eo', 'args'], { encoding: 'utf8' });
      if (out.split('\n').some((line) => line.includes('CREATE INDEX') && line.includes('holdfast_scratch')))
        return Number(readFileSync(join(cluster, 'data/postmaster.pid'), 'utf8').split('\n')[0]);
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

test('a server killed in mid-restore leaves it open; a cancelled restore ends at once; neither leaves anything', async () => {
  await server.createDatabase('slow');
  await server.sql('slow', SLOW.replace('n < 40', 'n < 0'));
  await server.sql(
    'slow',
    "create or replace function slow(n int) returns int language plpgsql immutable as 'begin if n < 40 then perform pg_sleep(0.5); end if; return n; end'",
  );
  using dumped = await dumpWithFacts(server, 'slow');
  const run = scratchRun(folder);
  const scratch = (await openScratch(configOf(server, 'slow'), run, dumped.manifest))!;
  const restoring = scratch.restore(run.ctx, dumped.file);
  process.kill(await untilRestoring(join(folder, 'cluster')), 'SIGKILL');
  expect(await restoring).toBeNull();
  await scratch[Symbol.asyncDispose]();
  expect(run.check('restore')).toMatchObject({ verdict: 'UNKNOWN', isRequired: true });
  expect(existsSync(join(folder, 'cluster'))).toBe(false);

  const second = scratchRun(folder);
  const other = (await openScratch(configOf(server, 'slow'), second, dumped.manifest))!;
  const cancelled = other.restore(second.ctx, dumped.file);
  const ended = expect(cancelled).rejects.toMatchObject({ code: 'cancelled' });
  const pid = await untilRestoring(join(folder, 'cluster'));
  second.cancel.abort(new AppError('cancelled', 'cancelled by a test'));
  await ended;
  await other[Symbol.asyncDispose]();
  expect(existsSync(join(folder, 'cluster'))).toBe(false);
  expect(() => process.kill(pid, 0)).toThrow('ESRCH');
});

describeWith('a full disk')('a full disk', () => {
  test('leaves it open whether the backup is good', async () => {
    await server.createDatabase('bulky');
    await server.sql(
      'bulky',
      `create table big as select g, repeat(md5(g::text), 30) as t from generate_series(1, 110000) g`,
    );
    using dumped = await dumpWithFacts(server, 'bulky');
    await withSmallTmpfs(112, async (small) => {
      chmodSync(small, 0o755);
      // The gate would refuse it; here it must be met in the middle.
      const facts = {
        ...dumped.manifest.facts,
        tables: dumped.manifest.facts.tables.map((table) => ({ ...table, bytes: 0 })),
      };
      const run = scratchRun(small);
      const scratch = (await openScratch(configOf(server, 'bulky'), run, { ...dumped.manifest, facts }))!;
      expect(existsSync(join(small, 'cluster'))).toBe(true);
      expect(await scratch.restore(run.ctx, dumped.file)).toBeNull();
      await scratch[Symbol.asyncDispose]();
      expect(run.check('restore')).toMatchObject({ verdict: 'UNKNOWN', isRequired: true });
      expect(run.errors.get('restore')?.code).toBe('storage_full');
    });
  });
});
