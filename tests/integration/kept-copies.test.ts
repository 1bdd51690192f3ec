import postgres from 'postgres';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { POST as drop } from '#app/api/v1/admin/restores/kept/drop/route.ts';
import { GET as kept } from '#app/api/v1/admin/restores/kept/route.ts';
import { DroppedCopy, KeptCopies, type KeptCopy } from '#lib/contracts/kept-copy.ts';
import { problemOf } from '#tests/support/api.ts';
import { startRestoreApi, type RestoreApi } from '#tests/support/restore-api.ts';
import { startWorkerProcess, type WorkerProcess } from '#tests/support/worker.ts';

let scene: RestoreApi;
let worker: WorkerProcess;
let backupId: string;

/** A second database to restore to, whose name must be quoted. */
const ODD = `a "b" ü'`;
const REASON = { reason: 'rows were deleted' };

beforeAll(async () => {
  scene = await startRestoreApi();
  worker = startWorkerProcess(scene.environment);
  backupId = await scene.backUp();
  await scene.source.sql('postgres', `create database "${ODD.replaceAll('"', '""')}" template shop`);
});
afterAll(async () => {
  await worker[Symbol.asyncDispose]();
  await scene[Symbol.asyncDispose]();
});

const list = async (): Promise<KeptCopies> => {
  const response = await scene.api.call(kept, 'GET', '/x');
  const body: unknown = await response.json();
  expect([response.status, body]).toMatchObject([200, {}]);
  return KeptCopies.strict().parse(body);
};
const ask = (copy: Pick<KeptCopy, 'restoreId' | 'kind' | 'name'>, more: object = {}): Promise<Response> => {
  const { restoreId, kind, name } = copy;
  return scene.api.call(drop, 'POST', '/x', { json: { restoreId, kind, name, confirm: name, ...more } });
};
const done = async (id: string) => {
  const restore = await scene.ended(id);
  expect(restore).toMatchObject({ status: 'COMPLETED', error: null });
  return restore;
};
const replaceOrders = async () =>
  done(
    await scene.start(backupId, {
      mode: 'tables',
      tables: ['orders'],
      tablesInto: 'replace',
      targetDatabase: 'shop',
    }),
  );
const schemas = async (): Promise<readonly string[]> =>
  (
    await scene.source.sql<{ name: string }>(
      'shop',
      `select nspname as name from pg_namespace where nspname ~ '^(before|restored|undone)_' order by 1`,
    )
  ).map(({ name }) => name);

test('databases: what is there is listed, dropped by its name, and nothing else', async () => {
  expect(await list()).toEqual({ data: [], unreachable: [] });
  // The database that was asked for is nobody's leftover.
  await done(await scene.start(backupId, { targetDatabase: 'asked for' }));
  const id = await scene.start(backupId, { mode: 'swap', targetDatabase: ODD });
  const swapped = await done(id);
  const before = swapped.swap!.keptDatabase;
  expect(before.startsWith(`${ODD}_before_`)).toBe(true);
  const first = await list();
  expect(first).toMatchObject({
    unreachable: [],
    data: [
      {
        restoreId: id,
        kind: 'database',
        name: before,
        database: before,
        mode: 'swap',
        holds: 'before',
        restoredAt: swapped.createdAt,
        connections: 0,
        neededFor: 'undo',
        isInUse: false,
      },
    ],
  });
  const copy = first.data[0]!;
  expect(copy.sizeBytes).toBeGreaterThan(1_000_000);
  const databases = await scene.databases();

  // Not ours, the live ones, another kind, and SQL for a name.
  for (const name of [
    'shop',
    ODD,
    'postgres',
    'asked for',
    `${before}"; drop database shop; --`.slice(0, 63),
  ]) {
    expect(await problemOf(await ask({ ...copy, name }))).toMatchObject({ status: 404, code: 'not_found' });
  }
  expect(await problemOf(await ask({ ...copy, kind: 'schema' }))).toMatchObject({ status: 404 });
  expect(await problemOf(await ask(copy, { confirm: `${before} ` }))).toMatchObject({
    status: 422,
    code: 'invalid',
  });
  expect(await problemOf(await ask(copy))).toMatchObject({
    status: 409,
    code: 'conflict',
    detail: `without ${before} this restore cannot be undone`,
  });
  const request = { restoreId: id, kind: 'database', name: before, confirm: before, givesUp: true };
  for (const [handler, method] of [
    [kept, 'GET'],
    [drop, 'POST'],
  ] as const) {
    const call = (as: 'viewer' | null) =>
      scene.api.call(handler, method, '/x', { as, ...(method === 'POST' ? { json: request } : {}) });
    expect((await call('viewer')).status).toBe(403);
    expect((await call(null)).status).toBe(401);
  }

  const guest = postgres({
    host: '127.0.0.1',
    port: scene.source.port,
    user: 'postgres',
    password: 'postgres',
    database: before,
    max: 1,
    fetch_types: false,
    connection: { application_name: 'the report' },
  });
  try {
    await guest`select 1`;
    expect((await list()).data).toMatchObject([{ connections: 1 }]);
    expect(await problemOf(await ask(copy, { givesUp: true }))).toMatchObject({
      status: 409,
      code: 'conflict',
      detail: expect.stringMatching(/^1 connected to .*: the report \(process \d+\)$/) as string,
    });
    expect(await guest`select count(*)::int as n from orders`).toEqual([{ n: 2000 }]);
  } finally {
    await guest.end({ timeout: 1 });
  }
  await expect.poll(async () => (await list()).data[0]?.connections).toBe(0);
  expect(await scene.databases()).toEqual(databases);
  expect((await scene.read(id)).swap).toMatchObject({ canUndo: true });

  const response = await ask(copy, { givesUp: true });
  expect(DroppedCopy.strict().parse(await response.json())).toEqual({
    name: before,
    message: `${before} was dropped`,
  });
  expect(await scene.databases()).toEqual(databases.filter((name) => name !== before));
  expect(await list()).toEqual({ data: [], unreachable: [] });
  expect((await scene.read(id)).swap).toMatchObject({ canUndo: false });
  expect(await problemOf(await scene.act('undo', id, ODD))).toMatchObject({ code: 'conflict' });
  expect(await problemOf(await ask(copy, { givesUp: true }))).toMatchObject({ code: 'not_found' });
  const entries = await scene.api.catalogue.raw<{ action: string; actor: string; details: object }[]>`
    select action, actor_name as actor, details from audit_entries
    where subject_id = ${id} and action like '%drop-kept' order by id`;
  expect(entries).toMatchObject([
    { action: 'restore.request-drop-kept', details: { name: before, givesUp: 'undo' } },
    { action: 'restore.request-drop-kept', details: { name: before } },
    { action: 'restore.drop-kept', actor: 'worker', details: { name: before, kind: 'database' } },
  ]);
});

test('an undone copy, one that waits to be swapped in, and a database that became a source', async () => {
  const id = await scene.start(backupId, { mode: 'swap', targetDatabase: 'shop' });
  await done(id);
  await scene.act('undo', id, 'shop');
  const undone = (await done(id)).copyDatabase!;
  const waiting = await scene.start(backupId, {
    mode: 'swap',
    targetDatabase: 'shop',
    pauseBeforeSwap: true,
  });
  const ready = (await scene.ended(waiting)).copyDatabase!;
  const { data } = await list();
  expect(data).toMatchObject([
    { restoreId: id, name: undone, holds: 'restored', neededFor: 'swap', isInUse: false },
    { restoreId: waiting, name: ready, holds: 'restored', isInUse: true },
  ]);
  expect(await problemOf(await ask(data[1]!, { givesUp: true }))).toMatchObject({
    status: 409,
    code: 'locked',
  });

  const sql = scene.api.catalogue.raw;
  await sql`insert into sources (id, name, host, port, "user", database)
    values ('11111111-1111-4111-8111-111111111111', 'another', '127.0.0.1', ${scene.source.port}, 'postgres', ${undone})`;
  expect(await problemOf(await ask(data[0]!, { givesUp: true }))).toMatchObject({
    status: 409,
    code: 'protected',
    detail: `${undone} is a database that is backed up here`,
  });
  await sql`delete from sources where name = 'another'`;
  expect(await scene.databases()).toContain(undone);

  expect((await ask(data[0]!, { givesUp: true })).status).toBe(200);
  expect(await scene.databases()).not.toContain(undone);
  expect(await scene.read(id)).toMatchObject({ canSwap: false });
  expect((await scene.act('cancel', waiting)).status).toBe(202);
  await scene.until(waiting, ({ status }) => status === 'FAILED');
  expect((await list()).data).toEqual([]);
});

test('schemas: only with the mark of their restore, and never with what others have built on them', async () => {
  const first = await replaceOrders();
  const second = await replaceOrders();
  await scene.act('undo', second.id, 'shop', REASON);
  const undone = (await done(second.id)).sideSchema!;
  const before = first.sideSchema!;
  const { data } = await list();
  expect(data).toMatchObject([
    {
      restoreId: first.id,
      kind: 'schema',
      name: before,
      database: 'shop',
      holds: 'before',
      neededFor: 'undo',
    },
    {
      restoreId: second.id,
      kind: 'schema',
      name: undone,
      database: 'shop',
      holds: 'restored',
      neededFor: null,
    },
  ]);
  expect(data[0]!.sizeBytes).toBeGreaterThan(10_000);
  expect(await schemas()).toEqual([before, undone]);

  // Of another restore by its row, of nobody by its mark.
  expect(await problemOf(await ask({ ...data[0]!, name: undone }, { givesUp: true }))).toMatchObject({
    code: 'not_found',
  });
  await scene.source.sql('shop', `comment on schema ${undone} is 'mine now'`);
  expect((await list()).data.map(({ name }) => name)).toEqual([before]);
  expect(await problemOf(await ask(data[1]!))).toMatchObject({ status: 404, code: 'not_found' });
  await scene.source.sql('shop', `comment on schema ${undone} is 'holdfast restore ${second.id}'`);

  await scene.source.sql('shop', `create view mine as select * from ${undone}.orders`);
  expect(await problemOf(await ask(data[1]!))).toMatchObject({
    status: 409,
    code: 'conflict',
    detail: `something is in the schema ${undone}, or built on it, that no restore made`,
  });
  expect(await scene.source.sql('shop', 'select count(*)::int as n from mine')).toEqual([{ n: 2000 }]);
  await scene.source.sql('shop', 'drop view mine');

  expect((await ask(data[1]!)).status).toBe(200);
  expect(await schemas()).toEqual([before]);
  expect((await ask(data[0]!, { givesUp: true })).status).toBe(200);
  expect(await schemas()).toEqual([]);
  expect(await scene.read(first.id)).toMatchObject({ tablesUndo: { canUndo: false } });
  expect(await scene.source.sql('shop', 'select count(*)::int as n from orders')).toEqual([{ n: 2000 }]);
});

test('a server that cannot be reached is named, and nothing is said of what is there', async () => {
  const { sideSchema, id } = await replaceOrders();
  await scene.source.stop();
  const { data, unreachable } = await list();
  expect(data).toEqual([]);
  expect(unreachable).toMatchObject([{ source: 'shop', error: { code: 'source_unreachable' } }]);
  expect(
    await problemOf(await ask({ restoreId: id, kind: 'schema', name: sideSchema! }, { givesUp: true })),
  ).toMatchObject({ status: 502, code: 'source_unreachable' });
  expect(await scene.read(id)).toMatchObject({ tablesUndo: { canUndo: true } });
});
