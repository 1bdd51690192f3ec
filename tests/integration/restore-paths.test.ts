import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { POST as restoreRoute } from '#app/api/v1/admin/backup/[id]/restore/route.ts';
import { POST as drop } from '#app/api/v1/admin/restores/kept/drop/route.ts';
import { GET as kept } from '#app/api/v1/admin/restores/kept/route.ts';
import { DroppedCopy, KeptCopies, type KeptCopy } from '#lib/contracts/kept-copy.ts';
import type { Restore, RestorePreview } from '#lib/contracts/restore.ts';
import { problemOf } from '#tests/support/api.ts';
import { addPathSource, machineFolder, treeOf } from '#tests/support/path-sources.ts';
import { startRedis, type TestRedis } from '#tests/support/redis.ts';
import { startRestoreApi, type RestoreApi } from '#tests/support/restore-api.ts';
import { startWorker, type Worker } from '#worker/worker.ts';

const PASSWORD = 'redis secret';
const USER = 12_345;

let scene: RestoreApi;
let worker: Worker;
let redis: TestRedis;
const machine = machineFolder();
const uploads = join(machine.path, 'uploads');
const settings = join(machine.path, 'settings');
const database = join(machine.path, 'notes', 'notes.db');
const snapshot = join(machine.path, 'dump.rdb');
let backups: Readonly<Record<'uploads' | 'settings' | 'notes' | 'cache' | 'shop', string>>;

const UPLOADS = {
  'a.txt': 'first',
  deep: null,
  'deep/b.txt': 'second',
  empty: null,
  link: '-> a.txt',
};
const SETTINGS = { '.env': 'SECRET=1', docker: null, 'docker/nginx.conf': 'listen 80' };

function write(folder: string, files: Readonly<Record<string, string | null>>): void {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder);
  for (const [name, content] of Object.entries(files)) {
    const at = join(folder, name);
    if (content === null) mkdirSync(at, { recursive: true });
    else if (content.startsWith('-> ')) symlinkSync(content.slice(3), at);
    else writeFileSync(at, content);
  }
}
const notesOf = (path: string): readonly unknown[] => {
  const db = new DatabaseSync(path, { readOnly: true });
  try {
    return db
      .prepare('select text from notes order by id')
      .all()
      .map(({ text }) => text);
  } finally {
    db.close();
  }
};
const left = (): string[] => readdirSync(machine.path).toSorted();
/** What restores made and nobody took away. */
const stamped = (): string[] =>
  [...readdirSync(machine.path), ...readdirSync(join(machine.path, 'notes'))].filter((name) =>
    /_(restore|before|undone)_\d{14}/.test(name),
  );

beforeAll(async () => {
  scene = await startRestoreApi();
  redis = await startRedis(PASSWORD);
  await redis.command('set', 'greeting', 'hello');
  mkdirSync(dirname(database));
  write(uploads, UPLOADS);
  write(settings, { ...SETTINGS, 'other.txt': 'not ours' });
  const db = new DatabaseSync(database);
  db.exec(`pragma journal_mode = wal; create table notes (id integer primary key, text text);
    insert into notes (text) values ('one'), ('two')`);
  db.close();
  worker = startWorker(scene.api.backend.config, { log: scene.api.backend.log });
  await worker.ready;
  const of = async (name: string, place: Parameters<typeof addPathSource>[2]): Promise<string> =>
    scene.backUp(await addPathSource(scene, name, place));
  backups = {
    uploads: await of('uploads', { kind: 'files', path: uploads, excludes: ['*.tmp'] }),
    settings: await of('settings', {
      kind: 'files',
      path: settings,
      only: Object.keys(SETTINGS).filter((name) => name !== 'docker/nginx.conf'),
    }),
    notes: await of('notes', { kind: 'sqlite', path: database }),
    cache: await of('cache', { kind: 'redis', port: redis.port, password: PASSWORD }),
    shop: await scene.backUp(),
  };
});
afterAll(async () => {
  await worker.stop();
  await redis[Symbol.asyncDispose]();
  await scene[Symbol.asyncDispose]();
  machine[Symbol.dispose]();
});

/** The accident. */
const HURT = { 'a.txt': 'overwritten', 'new.txt': 'after the backup', deep: null };
beforeEach(() => {
  write(uploads, HURT);
  write(settings, { '.env': 'SECRET=2', 'other.txt': 'not ours' });
  const db = new DatabaseSync(database);
  db.exec(`delete from notes; insert into notes (text) values ('wrong')`);
  db.close();
});
afterEach(() => {
  for (const name of stamped()) {
    rmSync(join(machine.path, name), { recursive: true, force: true });
    rmSync(join(machine.path, 'notes', name), { recursive: true, force: true });
  }
});

const done = async (id: string): Promise<Restore> => {
  const restore = await scene.ended(id);
  expect(restore).toMatchObject({ status: 'COMPLETED', error: null });
  return restore;
};
const states = ({ findings }: RestorePreview) =>
  Object.fromEntries(findings.map(({ name, state }) => [name, state]));
const swap = (targetDatabase: string, more: object = {}) =>
  ({ mode: 'swap', targetDatabase, ...more }) as const;

describe('to a new path', () => {
  test('files: previewed, compared, all of them there, nothing left beside them', async () => {
    const target = join(machine.path, 'uploads copy');
    const preview = await scene.preview(backups.uploads, { targetDatabase: target });
    expect(preview).toMatchObject({
      canStart: true,
      needsReason: true,
      creates: [`${target} with 2 files, 11 B`],
      replaces: [],
      keeps: [],
      sizeBytes: 11,
    });
    expect(states(preview)).toMatchObject({ target: 'OK', owner: 'OK', disk: 'OK', tools: 'OK', age: 'OK' });

    const id = await scene.start(backups.uploads, { targetDatabase: target });
    const restore = await done(id);
    expect(restore).toMatchObject({ proven: true, copyDatabase: target, sourceKind: 'files', swap: null });
    const verdicts = Object.fromEntries(restore.checks.map(({ name, verdict }) => [name, verdict]));
    expect(verdicts).toMatchObject({
      sha256: 'PASSED',
      files: 'PASSED',
      content: 'PASSED',
      properties: 'PASSED',
    });
    expect(treeOf(target)).toEqual(UPLOADS);
    expect(stamped()).toEqual([]);
    expect(readdirSync(scene.api.backend.config.verify.dir)).toEqual([]);
    expect(await scene.actions(id)).toEqual(['restore.start', 'restore.complete']);
    // "Compare configuration": the copy beside what is live at the source, names alone.
    expect(await scene.look(id)).toMatchObject({
      database: target,
      liveDatabase: uploads,
      files: {
        added: ['deep/b.txt', 'empty', 'link'],
        removed: ['new.txt'],
        changed: ['a.txt'],
        isCut: false,
      },
    });
    expect(JSON.stringify(await scene.look(id))).not.toContain('overwritten');
    rmSync(target, { recursive: true });
  });

  test('chosen entries, SQLite and Redis', async () => {
    const some = join(machine.path, 'some');
    await done(await scene.start(backups.uploads, { targetDatabase: some, paths: ['deep', 'deep/b.txt'] }));
    expect(treeOf(some)).toEqual({ deep: null, 'deep/b.txt': 'second' });

    const notes = join(machine.path, 'copy.db');
    const id = await scene.start(backups.notes, { targetDatabase: notes });
    await done(id);
    expect(notesOf(notes)).toEqual(['one', 'two']);
    expect(await scene.look(id)).toMatchObject({
      liveDatabase: database,
      tables: [{ schema: 'main', name: 'notes', rows: 2, liveRows: 1 }],
    });

    const rdb = join(machine.path, 'new.rdb');
    expect(await done(await scene.start(backups.cache, { targetDatabase: rdb }))).toMatchObject({
      proven: true,
    });
    await redis.command('flushall');
    await redis.stop('SIGKILL');
    renameSync(rdb, join(redis.folder, 'dump.rdb'));
    await redis.start();
    await expect.poll(() => redis.command('get', 'greeting')).toBe('hello');
    for (const path of [some, notes]) rmSync(path, { recursive: true });
  });

  test('what is there is never touched, and neither is what lies beside a database', async () => {
    expect(await problemOf(await scene.ask(backups.uploads, { targetDatabase: uploads }))).toMatchObject({
      code: 'target_not_empty',
      status: 409,
    });
    expect(treeOf(uploads)).toEqual(HURT);
    const orphan = join(machine.path, 'orphan.db');
    writeFileSync(`${orphan}-wal`, 'of another');
    expect(await problemOf(await scene.ask(backups.notes, { targetDatabase: orphan }))).toMatchObject({
      code: 'target_not_empty',
      detail: expect.stringContaining('-wal') as string,
    });
    rmSync(`${orphan}-wal`);
    // Somebody is quicker than the worker.
    const target = join(machine.path, 'quick');
    const reserved = await scene.api.catalogue.raw.reserve();
    await reserved`begin`;
    await reserved`lock table restores in share mode`;
    const asked = scene.ask(backups.uploads, { targetDatabase: target });
    // The preview found nothing there; the row waits to be written.
    await expect
      .poll(
        async () =>
          scene.api.catalogue.raw`
            select 1 from pg_locks where relation = 'restores'::regclass and not granted`,
        { timeout: 30_000 },
      )
      .toHaveLength(1);
    mkdirSync(target);
    await reserved`commit`;
    reserved.release();
    const { id } = (await (await asked).json()) as { id: string };
    expect(await scene.ended(id)).toMatchObject({
      status: 'FAILED',
      error: { code: 'target_not_empty' },
      copyDatabase: null,
    });
    expect(readdirSync(target)).toEqual([]);
    rmSync(target, { recursive: true });
    expect(stamped()).toEqual([]);
  });
});

describe('in the place of what is live', () => {
  test('files: previewed, swapped, undone and swapped again', async () => {
    writeFileSync(join(uploads, 'cache.tmp'), 'not in the backup');
    const preview = await scene.preview(backups.uploads, swap(uploads));
    expect(preview).toMatchObject({ canStart: true, drops: [] });
    expect(preview.replaces[0]).toContain(uploads);
    expect(preview.keeps[0]).toContain(`${uploads}_before_<time>`);
    expect(states(preview)).toMatchObject({
      target: 'OK',
      changed: 'WARNING',
      'left-out': 'WARNING',
      age: 'WARNING',
    });
    expect(preview.findings.find(({ name }) => name === 'changed')?.detail).toContain(
      '3 files were changed after this backup',
    );

    const id = await scene.start(backups.uploads, swap(uploads));
    const swapped = await done(id);
    const before = swapped.swap!.keptDatabase;
    expect(before).toMatch(/\/uploads_before_\d{14}$/);
    expect(swapped).toMatchObject({ proven: true, copyDatabase: null, canSwap: false });
    expect(swapped.swap).toMatchObject({ undoneAt: null, canUndo: true });
    expect(swapped.swap!.interruptionMs).toBeLessThan(5000);
    expect(treeOf(uploads)).toEqual(UPLOADS);
    expect(treeOf(before)).toEqual({ ...HURT, 'cache.tmp': 'not in the backup' });
    expect(stamped()).toEqual([basename(before)]);
    expect(await scene.look(id)).toMatchObject({
      database: uploads,
      liveDatabase: before,
      // What the backup leaves out is no difference.
      files: { removed: ['new.txt'], changed: ['a.txt'] },
    });

    expect(await problemOf(await scene.act('undo', id, 'uploads'))).toMatchObject({ code: 'invalid' });
    expect((await scene.act('undo', id, uploads)).status).toBe(202);
    const undone = await done(id);
    expect(undone).toMatchObject({ canSwap: true });
    expect(undone.copyDatabase).toMatch(/\/uploads_undone_\d{14}$/);
    expect(treeOf(uploads)).toEqual({ ...HURT, 'cache.tmp': 'not in the backup' });
    expect(treeOf(undone.copyDatabase!)).toEqual(UPLOADS);
    expect(existsSync(before)).toBe(false);

    expect((await scene.act('swap', id, uploads)).status).toBe(202);
    const again = await done(id);
    expect(again.swap).toMatchObject({ canUndo: true, undoneAt: null });
    expect(treeOf(uploads)).toEqual(UPLOADS);
    expect(stamped()).toEqual([basename(again.swap!.keptDatabase)]);
    expect(await scene.actions(id)).toEqual([
      'restore.start',
      'restore.swap',
      'restore.complete',
      'restore.request-undo',
      'restore.undo',
      'restore.request-swap',
      'restore.swap',
      'restore.complete',
    ]);
  });

  test('a copy that waits is looked at, and then given up or swapped in', async () => {
    const id = await scene.start(backups.uploads, swap(uploads, { pauseBeforeSwap: true }));
    const ready = await scene.ended(id);
    expect(ready).toMatchObject({ status: 'IN_PROGRESS', proven: true, canSwap: true, swap: null });
    expect(ready.copyDatabase).toMatch(/\/uploads_restore_\d{14}$/);
    expect(treeOf(uploads)).toEqual(HURT);
    expect(await scene.look(id)).toMatchObject({
      database: ready.copyDatabase,
      liveDatabase: uploads,
      files: { added: ['deep/b.txt', 'empty', 'link'], removed: ['new.txt'], changed: ['a.txt'] },
    });
    // Nobody else gets the target, nor a part of it, nor what it is in.
    for (const targetDatabase of [uploads, join(uploads, 'a.txt'), machine.path]) {
      expect(await problemOf(await scene.ask(backups.settings, swap(targetDatabase)))).toMatchObject({
        code: 'locked',
      });
    }
    expect((await scene.act('cancel', id)).status).toBe(202);
    expect(await scene.until(id, ({ status }) => status === 'FAILED')).toMatchObject({
      error: { code: 'cancelled' },
      copyDatabase: null,
    });
    expect(stamped()).toEqual([]);
    expect(treeOf(uploads)).toEqual(HURT);

    const other = await scene.start(backups.uploads, swap(uploads, { pauseBeforeSwap: true }));
    await scene.ended(other);
    expect((await scene.act('swap', other, uploads)).status).toBe(202);
    await scene.until(other, ({ status }) => status === 'COMPLETED');
    expect(treeOf(uploads)).toEqual(UPLOADS);
  });

  test('chosen entries alone: others stay, undo takes away what was not there', async () => {
    writeFileSync(join(uploads, 'deep', 'mine.txt'), 'mine');
    const paths = ['a.txt', 'deep/b.txt', 'empty'];
    const preview = await scene.preview(backups.uploads, swap(uploads, { paths }));
    expect(preview.replaces[0]).toContain('a.txt, deep/b.txt, empty');
    const id = await scene.start(backups.uploads, swap(uploads, { paths }));
    const swapped = await done(id);
    const live = { ...HURT, 'deep/mine.txt': 'mine' };
    const restored = { ...live, 'a.txt': 'first', 'deep/b.txt': 'second', empty: null };
    expect(treeOf(uploads)).toEqual(restored);
    expect(treeOf(swapped.swap!.keptDatabase)).toEqual({ 'a.txt': 'overwritten' });
    expect(stamped()).toEqual([basename(swapped.swap!.keptDatabase)]);

    await scene.act('undo', id, uploads);
    const undone = await done(id);
    expect(treeOf(uploads)).toEqual(live);
    expect(treeOf(undone.copyDatabase!)).toEqual({
      'a.txt': 'first',
      deep: null,
      'deep/b.txt': 'second',
      empty: null,
    });
    await scene.act('swap', id, uploads);
    await done(id);
    expect(treeOf(uploads)).toEqual(restored);
  });

  test('configuration that lies among other things: only what was backed up is exchanged', async () => {
    const id = await scene.start(backups.settings, swap(settings));
    const swapped = await done(id);
    expect(treeOf(settings)).toEqual({ ...SETTINGS, 'other.txt': 'not ours' });
    expect(treeOf(swapped.swap!.keptDatabase)).toEqual({ '.env': 'SECRET=2' });
    const look = await scene.look(id);
    expect(look.files).toEqual({
      added: ['docker', 'docker/nginx.conf'],
      removed: [],
      changed: ['.env'],
      isCut: false,
    });
    await scene.act('undo', id, settings);
    await done(id);
    expect(treeOf(settings)).toEqual({ '.env': 'SECRET=2', 'other.txt': 'not ours' });
  });

  test('SQLite: the log of the old database goes with it, and comes back with it; the owner stays', async () => {
    chownSync(database, USER, USER);
    chmodSync(database, 0o640);
    // As a crash of the application leaves it: rows that are in the log alone.
    const source = new DatabaseSync(database);
    source.exec(`pragma wal_autocheckpoint = 0; insert into notes (text) values ('in the log')`);
    const saved = ['', '-wal', '-shm'].map((suffix) => `${database}${suffix}`);
    const copies = saved.map((path) => `${path}.saved`);
    for (const [index, path] of saved.entries()) renameSync(path, copies[index]!);
    source.close();
    for (const [index, path] of saved.entries()) {
      rmSync(path, { force: true });
      renameSync(copies[index]!, path);
    }
    expect(existsSync(`${database}-wal`)).toBe(true);

    const preview = await scene.preview(backups.notes, swap(database));
    expect(states(preview)).toMatchObject({ open: 'WARNING', owner: 'OK' });
    const id = await scene.start(backups.notes, swap(database));
    const swapped = await done(id);
    const before = swapped.swap!.keptDatabase;
    expect(existsSync(`${database}-wal`)).toBe(false);
    expect(existsSync(`${before}-wal`)).toBe(true);
    expect(statSync(database)).toMatchObject({ uid: USER, gid: USER });
    expect(statSync(database).mode & 0o7777).toBe(0o640);
    expect(notesOf(database)).toEqual(['one', 'two']);
    expect(await scene.look(id)).toMatchObject({
      tables: [{ schema: 'main', name: 'notes', rows: 2, liveRows: 2 }],
    });

    await scene.act('undo', id, database);
    const undone = await done(id);
    expect(notesOf(database)).toEqual(['wrong', 'in the log']);
    expect(notesOf(undone.copyDatabase!)).toEqual(['one', 'two']);
    chownSync(database, 0, 0);
  });

  test('Redis: the snapshot takes the place of the file, with its owner', async () => {
    writeFileSync(snapshot, 'an old one', { mode: 0o600 });
    chownSync(snapshot, USER, USER);
    const swapped = await done(await scene.start(backups.cache, swap(snapshot)));
    expect(statSync(snapshot)).toMatchObject({ uid: USER, gid: USER });
    expect(swapped.checks.find(({ name }) => name === 'integrity')).toMatchObject({ verdict: 'PASSED' });
    expect(treeOf(machine.path)[basename(swapped.swap!.keptDatabase)]).toBe('an old one');
    rmSync(snapshot);
  });
});

describe('what was kept', () => {
  const list = async (): Promise<KeptCopies> =>
    KeptCopies.strict().parse(await (await scene.api.call(kept, 'GET', '/x')).json());
  const ask = ({ restoreId, kind, name }: Pick<KeptCopy, 'restoreId' | 'kind' | 'name'>, more: object = {}) =>
    scene.api.call(drop, 'POST', '/x', { json: { restoreId, kind, name, confirm: name, ...more } });

  test('is listed with its size, stays until it is dropped by name, and then nothing can be undone', async () => {
    const id = await scene.start(backups.uploads, swap(uploads));
    const { keptDatabase: name } = (await done(id)).swap!;
    const mine = (await list()).data.filter(({ restoreId }) => restoreId === id);
    expect(mine).toEqual([
      expect.objectContaining({
        kind: 'path',
        name,
        database: name,
        holds: 'before',
        sizeBytes: Buffer.byteLength('overwritten' + 'after the backup'),
        connections: 0,
        neededFor: 'undo',
        isInUse: false,
      }),
    ]);
    const copy = { restoreId: id, kind: 'path', name } as const;
    expect(await problemOf(await ask(copy, { confirm: 'uploads' }))).toMatchObject({ code: 'invalid' });
    expect(await problemOf(await ask(copy))).toMatchObject({ code: 'conflict' });
    expect(await problemOf(await ask({ ...copy, name: uploads }, { givesUp: true }))).toMatchObject({
      code: 'not_found',
    });

    // Somebody has put a link there: neither it nor what it leads to goes.
    renameSync(name, `${name}.moved`);
    symlinkSync(uploads, name);
    expect(await problemOf(await ask(copy, { givesUp: true }))).toMatchObject({ code: 'protected' });
    expect(treeOf(uploads)).toEqual(UPLOADS);
    rmSync(name);
    renameSync(`${name}.moved`, name);

    const dropped = await ask(copy, { givesUp: true });
    expect(DroppedCopy.strict().parse(await dropped.json())).toMatchObject({ name });
    expect(existsSync(name)).toBe(false);
    expect(treeOf(uploads)).toEqual(UPLOADS);
    expect((await scene.read(id)).swap).toMatchObject({ canUndo: false });
    expect((await list()).data.filter(({ restoreId }) => restoreId === id)).toEqual([]);
  });

  test('stays while it is a source or holds one, and goes where it only lies in one', async () => {
    const id = await scene.start(backups.uploads, swap(uploads));
    const { keptDatabase: name } = (await done(id)).swap!;
    const copy = { restoreId: id, kind: 'path', name } as const;
    const sql = scene.api.catalogue.raw;
    const source = await addPathSource(scene, 'kept', { kind: 'files', path: name });
    try {
      for (const path of [name, join(name, 'deep')]) {
        await sql`update sources set path = ${path} where id = ${source}`;
        expect(await problemOf(await ask(copy, { givesUp: true }))).toMatchObject({
          status: 409,
          code: 'protected',
          detail: `${name} is a path that is backed up here`,
        });
        expect(treeOf(name)).toEqual(HURT);
      }
      await sql`update sources set path = ${machine.path} where id = ${source}`;
      expect((await ask(copy, { givesUp: true })).status).toBe(200);
      expect(existsSync(name)).toBe(false);
    } finally {
      await sql`delete from sources where id = ${source}`;
    }
  });

  test('an undo of what somebody removed by hand says so, and touches nothing', async () => {
    const id = await scene.start(backups.uploads, swap(uploads));
    rmSync((await done(id)).swap!.keptDatabase, { recursive: true });
    await scene.act('undo', id, uploads);
    expect(await scene.ended(id)).toMatchObject({
      status: 'COMPLETED',
      error: { code: 'object_missing' },
      swap: { canUndo: false },
    });
    expect(treeOf(uploads)).toEqual(UPLOADS);
  });
});

describe('refused', () => {
  test.each([
    ['a folder of the system', '/etc', 'guard', 'protected'],
    ['the folder of the archives', () => scene.api.folder, 'guard', 'protected'],
    [
      'a path inside the data folder',
      () => join(scene.api.backend.config.dataDir, 'x'),
      'guard',
      'protected',
    ],
    ['what is above them', () => dirname(scene.api.folder), 'guard', 'protected'],
    ['a mount point', '/dev/shm', 'mount', 'conflict'],
    ['a folder that is not there', () => join(machine.path, 'no', 'folder'), 'folder', 'conflict'],
    ['a folder that is a file', () => join(uploads, 'a.txt', 'x'), 'folder', 'conflict'],
    ['a file in the place of a folder', () => join(uploads, 'a.txt'), 'target', 'conflict'],
    ['nothing', () => join(machine.path, 'nothing'), 'target', 'conflict'],
  ])('by preview and start alike: %s', async (_name, given, name, code) => {
    const target = typeof given === 'string' ? given : given();
    const preview = await scene.preview(backups.uploads, swap(target));
    expect(preview.canStart).toBe(false);
    expect(preview.findings.find(({ state }) => state === 'BLOCKED')).toMatchObject({ name });
    expect(preview.findings.find(({ state }) => state === 'BLOCKED')?.hint).toMatch(/\.$/);
    const problem = await problemOf(await scene.ask(backups.uploads, swap(target)));
    expect(problem).toMatchObject({ code });
    expect(left().filter((one) => one.includes('_restore_'))).toEqual([]);
  });

  test('a link, at the end and on the way, with the path that it leads to', async () => {
    const link = join(machine.path, 'current');
    symlinkSync(uploads, link);
    for (const [target, real] of [
      [link, uploads],
      [join(link, 'deep'), uploads],
    ] as const) {
      const { findings } = await scene.preview(backups.uploads, swap(target));
      const blocked = findings.find(({ state }) => state === 'BLOCKED');
      expect(blocked).toMatchObject({ name: 'link', hint: expect.stringContaining(real) as string });
    }
    rmSync(link);
  });

  test('plans that are not for this kind of backup, each by its field', async () => {
    const new_ = { targetDatabase: join(machine.path, 'x') };
    const cases: readonly (readonly [keyof typeof backups, object, string])[] = [
      ['uploads', { ...new_, mode: 'in-place' }, 'mode'],
      ['uploads', { ...new_, mode: 'tables', tables: ['orders'], tablesInto: 'append' }, 'mode'],
      ['uploads', { ...new_, schemaOnly: true }, 'schemaOnly'],
      ['uploads', { ...new_, noOwner: true }, 'noOwner'],
      ['uploads', { targetDatabase: 'shop' }, 'targetDatabase'],
      ['uploads', { targetDatabase: '/srv/../etc' }, 'targetDatabase'],
      ['uploads', { targetDatabase: '/' }, 'targetDatabase'],
      ['uploads', { ...new_, paths: ['../x'] }, 'paths'],
      ['notes', { ...new_, paths: ['x'] }, 'paths'],
      ['shop', new_, 'targetDatabase'],
      ['shop', { targetDatabase: 'other', paths: ['x'] }, 'paths'],
    ];
    for (const [name, plan, field] of cases) {
      const { targetDatabase } = plan as { targetDatabase: string };
      const problem = await problemOf(await scene.ask(backups[name], { targetDatabase, ...plan }));
      expect([plan, problem.code, problem.status]).toEqual([plan, 'invalid', 422]);
      expect(JSON.stringify(problem)).toContain(field);
      await expect(scene.preview(backups[name], plan)).rejects.toThrow(/422/);
    }
  });

  test('a typed path that is another one, production without a reason, and a viewer', async () => {
    const target = join(machine.path, 'x');
    const request = { targetDatabase: target };
    expect(await problemOf(await scene.ask(backups.uploads, { ...request, confirm: 'x' }))).toMatchObject({
      code: 'invalid',
    });
    expect(await problemOf(await scene.ask(backups.uploads, { ...request, reason: '' }))).toMatchObject({
      code: 'invalid',
      detail: expect.stringContaining('reason') as string,
    });
    const asViewer = await scene.api.call(restoreRoute, 'POST', '/x', {
      as: 'viewer',
      params: { id: backups.uploads },
      json: { ...request, confirm: target, reason: 'why' },
    });
    expect(await problemOf(asViewer)).toMatchObject({ code: 'forbidden' });
    expect(existsSync(target)).toBe(false);
  });

  test('a chosen entry that the backup does not have', async () => {
    const target = join(machine.path, 'x');
    const id = await scene.start(backups.uploads, { targetDatabase: target, paths: ['nowhere'] });
    expect(await scene.ended(id)).toMatchObject({
      status: 'FAILED',
      error: { code: 'invalid' },
      copyDatabase: null,
    });
    expect(existsSync(target)).toBe(false);
    expect(stamped()).toEqual([]);
  });
});
