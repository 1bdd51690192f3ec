import { randomUUID } from 'node:crypto';
import { copyFileSync, renameSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createBackend } from '#db/backend.ts';
import type { Catalogue } from '#db/client.ts';
import type { LogReading } from '#lib/contracts/log.ts';
import { systemClock } from '#lib/core/clock.ts';
import { takeBaseBackup } from '#lib/engine/base-backup.ts';
import { readLog, tickLog } from '#lib/engine/read-log.ts';
import { parseConfig } from '#lib/platform/config.ts';
import { createLogger } from '#lib/platform/logger.ts';
import { readLogState } from '#lib/services/log.ts';
import { readOverview } from '#lib/services/overview.ts';
import { startArchivingServer, type ArchivingServer } from '#tests/support/archiving-server.ts';
import { createCatalogue } from '#tests/support/catalogue.ts';
import { createEngine, type TestEngine } from '#tests/support/engine.ts';
import { startPostgres, type TestPostgres } from '#tests/support/postgres.ts';

let scene: ArchivingServer;
let own: TestPostgres;
let catalogue: Catalogue;
let engine: TestEngine;

const ctx = () => ({
  runId: randomUUID(),
  signal: AbortSignal.timeout(60_000),
  clock: systemClock,
  log: createLogger('error'),
});
const environment = () => ({ ...scene.environment(), PGDATABASE: 'ims_db' });
const read = (): Promise<LogReading> => readLog(parseConfig(environment()), scene.walFolder, ctx());
const base = async (): Promise<string> =>
  (
    await takeBaseBackup(
      parseConfig(environment()),
      { id: randomUUID(), takenAt: new Date(), destination: 'local' },
      () => undefined,
      { ...ctx(), workDir: scene.folder, progress: () => undefined },
    )
  ).manifest.endedAt;
/** Writes a row and has it archived. Returns an instant after it and the segment. */
async function write(): Promise<{ readonly after: string; readonly segment: string }> {
  await scene.server.sql('ims_db', "insert into items (label) values ('one more')");
  const [row] = await scene.server.sql<{ at: string }>(
    'ims_db',
    `select to_char(clock_timestamp() at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as at`,
  );
  return { after: row?.at ?? '', segment: await scene.switchWal() };
}
/** Does `act` under another setting of the server, which takes a reload. */
async function withSetting(name: string, value: string, act: () => Promise<void>): Promise<void> {
  const reload = (text: string) =>
    scene.server.sql('postgres', text).then(() => scene.server.sql('postgres', 'select pg_reload_conf()'));
  const [old] = await scene.server.sql<{ value: string }>(
    'postgres',
    `select current_setting('${name}') as value`,
  );
  await reload(`alter system set ${name} = '${value}'`);
  try {
    await act();
  } finally {
    await reload(`alter system set ${name} = '${(old?.value ?? '').replaceAll("'", "''")}'`);
  }
}

beforeAll(async () => {
  scene = await startArchivingServer();
  await scene.server.createDatabase('ims_db');
  await scene.server.sql('ims_db', 'create table items (id bigint generated always as identity, label text)');
  // Else what the catalogue writes would be the last transaction in the log.
  own = await startPostgres();
  const made = await createCatalogue(own);
  catalogue = made;
  engine = await createEngine(made, environment());
});
afterAll(async () => {
  await engine[Symbol.asyncDispose]();
  await catalogue.close();
  await own[Symbol.asyncDispose]();
  await scene[Symbol.asyncDispose]();
});

test('without a base archive nothing can be reached, and the log is kept all the same', async () => {
  await write();
  expect(await read()).toEqual({ stretches: [], flaw: null, archiveTimeoutSeconds: 0 });
});

test('from the end of the oldest base archive to the last transaction that is archived', async () => {
  const from = await base();
  const second = await base();
  const { after, segment } = await write();
  const { stretches, flaw } = await read();
  expect(flaw).toBeNull();
  expect(stretches).toHaveLength(1);
  expect(stretches[0]).toMatchObject({ from, lastSegment: segment, missing: null });
  expect(stretches[0]?.bases.map(({ endedAt }) => endedAt)).toEqual([second, from]);
  const until = stretches[0]?.until ?? '';
  expect(until > second && until <= after).toBe(true);
  // What is written later is reached later.
  await write();
  expect(((await read()).stretches[0]?.until ?? '') > until).toBe(true);
});

test('a segment that is missing parts what leads to it from what begins after it', async () => {
  const [, newest] = [await write(), await write()];
  const lost = (await write()).segment;
  const after = await write();
  const file = join(scene.walFolder, lost);
  renameSync(file, `${file}.away`);
  try {
    const { stretches } = await read();
    expect(stretches).toHaveLength(1);
    expect(stretches[0]).toMatchObject({ missing: lost, lastSegment: newest.segment });
    const from = await base();
    const later = (await write()).segment;
    const parted = (await read()).stretches;
    expect(parted).toHaveLength(2);
    expect(parted[0]).toMatchObject({ from, missing: null, lastSegment: later });
    expect(parted[0]?.bases).toHaveLength(1);
    expect(parted[1]).toMatchObject({ missing: lost, lastSegment: newest.segment });
  } finally {
    renameSync(`${file}.away`, file);
  }
  const whole = (await read()).stretches;
  expect(whole).toHaveLength(1);
  expect((whole[0]?.until ?? '') > after.after).toBe(true);
});

test('the newest segment is looked at: one that is cut is told and not counted on', async () => {
  const { segment } = await write();
  const file = join(scene.walFolder, segment);
  renameSync(file, `${file}.whole`);
  try {
    copyFileSync(`${file}.whole`, file);
    truncateSync(file, 1024);
    await expect(read()).rejects.toMatchObject({ code: 'integrity' });
  } finally {
    renameSync(`${file}.whole`, file);
  }
  expect((await read()).stretches[0]?.lastSegment).toBe(segment);
});

test('a server that cannot archive, or does it elsewhere, is told; one that is well again is not', async () => {
  expect((await read()).flaw).toBeNull();
  await withSetting('archive_command', 'false', async () => {
    await scene.server.sql('ims_db', "insert into items (label) values ('not archived')");
    await scene.server.sql('postgres', 'select pg_switch_wal()');
    await expect
      .poll(async () => (await read()).flaw, { timeout: 15_000, interval: 200 })
      .toMatch(/^archiving fails: the server could not archive [0-9A-F]{24}$/);
  });
  await expect.poll(async () => (await read()).flaw, { timeout: 90_000, interval: 500 }).toBeNull();
  await withSetting('archive_command', 'true', async () => {
    await scene.server.sql('ims_db', "insert into items (label) values ('archived nowhere')");
    await scene.server.sql('postgres', 'select pg_switch_wal()');
    await expect
      .poll(async () => (await read()).flaw, { timeout: 15_000, interval: 200 })
      .toMatch(/^the server archived [0-9A-F]{24}, and that is not in /);
  });
  await write();
  expect((await read()).flaw).toBeNull();
});

test('a worker notes what it saw, or why it saw nothing; the overview judges it, and only where a log is kept', async () => {
  const backend = createBackend(engine.config);
  const check = async () =>
    (await readOverview(backend)).checks.find(({ name }) => name === 'point-in-time') ?? null;
  try {
    expect(await readLogState(backend)).toEqual({ isKept: true, readAt: null, reading: null, error: null });
    expect(await check()).toMatchObject({ state: 'UNKNOWN' });
    const from = await base();
    await write();
    await tickLog(engine, AbortSignal.timeout(60_000));
    const state = await readLogState(backend);
    expect(state).toMatchObject({ isKept: true, error: null, reading: { flaw: null } });
    expect(state.reading?.stretches[0]?.bases[0]?.endedAt).toBe(from);
    // This server waits for full segments.
    expect(await check()).toMatchObject({ state: 'WARNING' });
    await withSetting('archive_timeout', '300', async () => {
      await expect
        .poll(async () => {
          await tickLog(engine, AbortSignal.timeout(60_000));
          return (await check())?.state;
        })
        .toBe('OK');
    });

    renameSync(scene.walFolder, `${scene.walFolder} away`);
    try {
      await tickLog(engine, AbortSignal.timeout(60_000));
      expect(await readLogState(backend)).toMatchObject({ reading: null, error: { code: 'config' } });
      expect(await check()).toMatchObject({ state: 'UNKNOWN' });
    } finally {
      renameSync(`${scene.walFolder} away`, scene.walFolder);
    }
    await tickLog({ ...engine, config: { ...engine.config, walPath: null } }, AbortSignal.timeout(60_000));
    expect((await readLogState(backend)).error).not.toBeNull();
    const none = { ...backend, config: { ...backend.config, walPath: null } };
    expect(await readLogState(none)).toEqual({ isKept: false, readAt: null, reading: null, error: null });
    expect((await readOverview(none)).checks.map(({ name }) => name)).not.toContain('point-in-time');
  } finally {
    await backend.close();
  }
});
