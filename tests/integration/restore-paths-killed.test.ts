import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Restore } from '#lib/contracts/restore.ts';
import { findProgram } from '#scripts/programs.mjs';
import { addPathSource, machineFolder, treeOf } from '#tests/support/path-sources.ts';
import { startRestoreApi, type RestoreApi } from '#tests/support/restore-api.ts';
import { eventually, startWorkerProcess, type WorkerProcess } from '#tests/support/worker.ts';

const PRELOAD = new URL('../support/held-renames.ts', import.meta.url).href;

let scene: RestoreApi;
let worker: WorkerProcess;
let backups: { readonly notes: string; readonly settings: string };
const machine = machineFolder();
const database = join(machine.path, 'notes.db');
const settings = join(machine.path, 'settings');
const programs = join(machine.path, 'programs');

const start = async (environment: Readonly<Record<string, string>> = {}): Promise<void> => {
  worker = startWorkerProcess({ ...scene.environment, HOLDFAST_LOG_LEVEL: 'info', ...environment });
  await worker.until('worker is ready');
};
/** As if its heartbeats had ended long ago, so that nobody has to wait for it. */
const killWorker = async (): Promise<void> => {
  await worker.kill('SIGKILL');
  const { raw } = scene.api.catalogue;
  await raw`update workers set heartbeat_at = now() - interval '1 hour'`;
  await raw`update restores set heartbeat_at = now() - interval '1 hour' where status = 'IN_PROGRESS'`;
};
const notesOf = (path: string): string[] => {
  // A copy of it with its log, so that looking changes nothing.
  const place = join(machine.path, 'looking');
  mkdirSync(place);
  for (const suffix of ['', '-wal'])
    if (existsSync(path + suffix)) writeFileSync(join(place, `db${suffix}`), readFileSync(path + suffix));
  const db = new DatabaseSync(join(place, 'db'));
  const notes = db.prepare('select text from notes order by id').all();
  db.close();
  rmSync(place, { recursive: true });
  return notes.map(({ text }) => String(text));
};
/** What stands beside the sources. */
const stamped = (): string[] => readdirSync(machine.path).filter((name) => /_\d{14}/.test(name));

/** Leaves the last rows in the log alone, as an application does that is killed. */
function writeNotes(...notes: string[]): void {
  for (const suffix of ['', '-wal', '-shm']) rmSync(database + suffix, { force: true });
  const place = join(machine.path, 'writing');
  mkdirSync(place);
  const db = new DatabaseSync(join(place, 'db'));
  db.exec('pragma journal_mode = wal; create table notes (id integer primary key, text text)');
  db.exec('pragma wal_checkpoint(truncate); pragma wal_autocheckpoint = 0');
  for (const note of notes) db.prepare('insert into notes (text) values (?)').run(note);
  for (const suffix of ['', '-wal'])
    writeFileSync(database + suffix, readFileSync(join(place, `db${suffix}`)));
  db.close();
  rmSync(place, { recursive: true });
}
function writeSettings(files: Readonly<Record<string, string>>): void {
  rmSync(settings, { recursive: true, force: true });
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(settings, name)), { recursive: true });
    writeFileSync(join(settings, name), content);
  }
}

beforeAll(async () => {
  scene = await startRestoreApi();
  await start();
  writeNotes('one', 'two');
  writeSettings({ '.env': 'A=1', 'docker/nginx.conf': 'listen 80', 'other.txt': 'as it was' });
  backups = {
    notes: await scene.backUp(await addPathSource(scene, 'notes', { kind: 'sqlite', path: database })),
    settings: await scene.backUp(await addPathSource(scene, 'settings', { kind: 'files', path: settings })),
  };
  await killWorker();
  mkdirSync(programs);
  const tar = `#!/bin/sh
case " $* " in *" --extract "*) echo filling >&2; exec sleep 600 ;; *) exec ${findProgram('tar') ?? ''} "$@" ;; esac\n`;
  writeFileSync(join(programs, 'tar'), tar);
  chmodSync(join(programs, 'tar'), 0o755);
}, 120_000);
afterAll(async () => {
  await scene[Symbol.asyncDispose]();
  machine[Symbol.dispose]();
});
beforeEach(() => {
  writeNotes('wrong', 'after the backup');
  writeSettings({ '.env': 'A=2', 'other.txt': 'ours' });
});
afterEach(async () => {
  await worker[Symbol.asyncDispose]();
  for (const name of stamped()) rmSync(join(machine.path, name), { recursive: true });
});

/** Starts it with a worker that stops before this rename, kills that one, and resolves with how its successor ends it. */
async function killedBefore(rename: number, path: string, ask: () => Promise<string>): Promise<Restore> {
  await start({ NODE_OPTIONS: `--import=${PRELOAD}`, HELD_PATH: path, HELD_RENAME: String(rename) });
  const id = await ask();
  await worker.until(`held before rename ${String(rename)}`, 60_000);
  await killWorker();
  await start();
  return scene.ended(id);
}

const OLD = ['wrong', 'after the backup'];
const SETTINGS = { mode: 'swap', targetDatabase: settings, paths: ['.env', 'docker/nginx.conf'] } as const;

describe('a worker killed before a rename', () => {
  test.each([
    [0, false],
    [1, true],
    [2, true],
  ])(
    '%i of the swap of a database with its log: done is %s, and never by half',
    async (rename, isDone) => {
      const swapped = await killedBefore(rename, database, () =>
        scene.start(backups.notes, { mode: 'swap', targetDatabase: database }),
      );
      const logs = readdirSync(machine.path).filter((name) => name.endsWith('-wal'));
      if (!isDone) {
        expect(swapped).toMatchObject({
          status: 'FAILED',
          error: { code: 'interrupted' },
          copyDatabase: null,
          swap: null,
        });
        expect(swapped.log).toContain('it was not done');
        expect(notesOf(database)).toEqual(OLD);
        expect(logs).toEqual(['notes.db-wal']);
        expect(stamped()).toEqual([]);
        return;
      }
      expect(swapped).toMatchObject({
        status: 'COMPLETED',
        error: null,
        proven: true,
        swap: { canUndo: true },
      });
      expect(swapped.log).toContain('the swap was done');
      expect(notesOf(database)).toEqual(['one', 'two']);
      const kept = swapped.swap!.keptDatabase;
      expect(notesOf(kept)).toEqual(OLD);
      expect(logs).toEqual([`${basename(kept)}-wal`]);
    },
    120_000,
  );

  test.each([
    [0, false],
    [1, true],
    [2, true],
  ])(
    '%i of the undo of that: done is %s, and the log comes back with its database',
    async (rename, isDone) => {
      await start();
      const id = await scene.start(backups.notes, { mode: 'swap', targetDatabase: database });
      expect(await scene.ended(id)).toMatchObject({ status: 'COMPLETED', error: null });
      await killWorker();

      const undone = await killedBefore(rename, database, async () => {
        expect((await scene.act('undo', id, database)).status).toBe(202);
        return id;
      });
      expect(undone.status).toBe('COMPLETED');
      expect(undone.swap).toMatchObject({ canUndo: !isDone });
      if (isDone) {
        expect(undone).toMatchObject({ error: null, canSwap: true });
        expect(notesOf(database)).toEqual(OLD);
        expect(notesOf(undone.copyDatabase ?? '')).toEqual(['one', 'two']);
      } else {
        expect(undone).toMatchObject({ error: { code: 'interrupted' }, copyDatabase: null });
        expect(notesOf(database)).toEqual(['one', 'two']);
        expect(notesOf(undone.swap!.keptDatabase)).toEqual(OLD);
      }
      expect(stamped().filter((name) => !name.endsWith('-wal'))).toHaveLength(1);
    },
    120_000,
  );

  test.each([
    [0, false],
    [1, true],
    [2, true],
  ])(
    '%i of the exchange of entries: done is %s, with all of them',
    async (rename, isDone) => {
      const before = treeOf(settings);
      const swapped = await killedBefore(rename, settings, () => scene.start(backups.settings, SETTINGS));
      if (!isDone) {
        expect(swapped).toMatchObject({ status: 'FAILED', error: { code: 'interrupted' }, swap: null });
        expect(treeOf(settings)).toEqual(before);
        expect(stamped()).toEqual([]);
        return;
      }
      expect(swapped).toMatchObject({ status: 'COMPLETED', error: null });
      expect(treeOf(settings)).toEqual({
        '.env': 'A=1',
        docker: null,
        'docker/nginx.conf': 'listen 80',
        'other.txt': 'ours',
      });
      expect(treeOf(swapped.swap!.keptDatabase)).toEqual({ '.env': 'A=2' });
      expect(stamped()).toEqual([basename(swapped.swap!.keptDatabase)]);
    },
    120_000,
  );

  test.each([[0, 'FAILED']])(
    '%i of a restore to a new path: %s, and nothing is left',
    async (rename, status) => {
      const target = join(machine.path, 'elsewhere');
      const restored = await killedBefore(rename, target, () =>
        scene.start(backups.settings, { targetDatabase: target }),
      );
      expect(restored).toMatchObject({ status, error: { code: 'interrupted' }, copyDatabase: null });
      expect(existsSync(target)).toBe(false);
      expect(stamped()).toEqual([]);
    },
    120_000,
  );
});

describe('while the copy is filled', () => {
  const filling = async (): Promise<string> => {
    await start({ PATH: `${programs}:${process.env['PATH'] ?? ''}` });
    const id = await scene.start(backups.settings, { mode: 'swap', targetDatabase: settings });
    await scene.until(
      id,
      ({ copyDatabase, progress }) => copyDatabase !== null && progress?.phase === 'restoring',
    );
    await eventually(
      () => Promise.resolve(stamped().length === 1),
      () => stamped().join(),
    );
    return id;
  };

  test('a cancel removes it, and what is live is as before', async () => {
    const before = treeOf(settings);
    const id = await filling();
    expect((await scene.act('cancel', id)).status).toBe(202);
    const restore = await scene.ended(id);
    expect(restore).toMatchObject({ status: 'FAILED', error: { code: 'cancelled' }, copyDatabase: null });
    expect(stamped()).toEqual([]);
    expect(treeOf(settings)).toEqual(before);
  }, 120_000);

  test('a worker that is killed leaves it to its successor, which removes it', async () => {
    const before = treeOf(settings);
    const id = await filling();
    await killWorker();
    expect(stamped()).toHaveLength(1);
    await start();
    const restore = await scene.ended(id);
    expect(restore).toMatchObject({ status: 'FAILED', error: { code: 'interrupted' }, copyDatabase: null });
    expect(stamped()).toEqual([]);
    expect(treeOf(settings)).toEqual(before);
  }, 120_000);
});

test('entries that cannot all be exchanged are all as before, and no empty folder is left', async () => {
  await start({
    NODE_OPTIONS: `--import=${PRELOAD}`,
    HELD_PATH: settings,
    HELD_RENAME: '1',
    HELD_HOW: 'fails',
  });
  const before = treeOf(settings);
  const id = await scene.start(backups.settings, SETTINGS);
  const restore = await scene.ended(id);
  expect(restore).toMatchObject({
    status: 'FAILED',
    error: { code: 'config' },
    copyDatabase: null,
    swap: null,
  });
  expect(restore.log).toContain('is as before');
  expect(treeOf(settings)).toEqual(before);
  expect(stamped()).toEqual([]);
}, 120_000);
