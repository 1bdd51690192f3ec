import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { cancelBackup } from '#lib/services/backups.ts';
import { backupWhere, isOver } from '#tests/support/backups.ts';
import { childrenOf } from '#tests/support/children.ts';
import { ADMIN, factsIn, storeScene } from '#tests/support/store-scene.ts';
import { eventually } from '#tests/support/worker.ts';
import { isDumping } from '#tests/support/worker-scene.ts';

const WRITER = fileURLToPath(new URL('../fixtures/programs/writes-sqlite.ts', import.meta.url));
const scene = storeScene();
let folder: string;
let path: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hf-sqlite-'));
  path = join(folder, 'shop.db');
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

/** About 8 MB. */
function fill(mode: 'wal' | 'delete'): void {
  const db = new DatabaseSync(path);
  db.exec(`
    pragma journal_mode = ${mode};
    create table ledger (id integer primary key, pair integer not null, amount integer not null, note text);
    create table parts (name text primary key, weight real, picture blob) without rowid;
    insert into ledger (pair, amount, note)
      with recursive n(v) as (select 0 union all select v + 1 from n where v < 29999)
      select v / 2, case v % 2 when 0 then v + 1 else -v end, hex(randomblob(100)) from n;
    insert into parts values ('nut', 0.5, x'00ff'), ('bolt', 2, null)`);
  db.close();
}

/** Runs `act` while another process writes without end, and fails unless it wrote from before to after. */
async function whileWritten<T>(act: () => Promise<T>): Promise<T> {
  const writer = spawn(process.execPath, [WRITER, path], { stdio: ['ignore', 'pipe', 'pipe'] });
  let printed = '';
  let said = '';
  writer.stdout.setEncoding('utf8').on('data', (text: string) => {
    printed += text;
  });
  writer.stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  const hasWritten = (more: number): Promise<unknown> => {
    const wanted = printed.length + more;
    return eventually(
      () => Promise.resolve(printed.length >= wanted),
      () => said,
    );
  };
  try {
    await hasWritten(1);
    const result = await act();
    await hasWritten(1);
    return result;
  } finally {
    writer.kill('SIGKILL');
  }
}

test.each(['wal', 'delete'] as const)(
  'a database in mode %s is backed up in one moment while another process writes, opens with stock tools, and is proven',
  async (mode) => {
    fill(mode);
    await scene.startWorker();
    const source = await scene.addSource({ kind: 'sqlite', path });
    const backup = await whileWritten(() => scene.backUp(source));
    expect(backup, scene.logs()).toMatchObject({ status: 'COMPLETED', errorMessage: null });
    expect(backup.filename).toMatch(/\.sqlite\.zst$/);
    expect(scene.left()).toEqual([]);

    const db = new DatabaseSync(await scene.open(backup), { readOnly: true });
    expect(db.prepare('pragma integrity_check').all()).toEqual([{ integrity_check: 'ok' }]);
    const pairs = db
      .prepare('select count(*) as n from (select pair from ledger group by pair having count(*) <> 2)')
      .get();
    expect(pairs, 'both rows of a transaction or none').toEqual({ n: 0 });
    const rows = Number(db.prepare('select count(*) as n from ledger').get()?.['n']);
    expect(rows).toBeGreaterThan(30_000);
    db.close();
    const manifest = scene.manifestOf(backup);
    expect(manifest.source).toMatchObject({ kind: 'sqlite', database: path, dumpFormat: 'sqlite' });
    expect(manifest.tools['sqlite']).toMatch(/^3\./);
    expect(factsIn(manifest)).toEqual([
      { name: 'ledger', rows },
      { name: 'parts', rows: 2 },
    ]);
    expect(manifest.facts.tables.every(({ fingerprint }) => fingerprint !== null)).toBe(true);

    const proof = await scene.prove(backup.id);
    expect(proof, scene.logs()).toMatchObject({ status: 'PASSED', proven: true });
    expect(proof.checks.map(({ name }) => name)).toEqual(
      expect.arrayContaining([
        'integrity',
        'foreign-keys',
        'tables',
        'rows:main.ledger',
        'content:main.ledger',
        'rows:main.parts',
        'content:main.parts',
      ]),
    );
  },
);

test('a write-ahead database that nobody has open is backed up, and nothing appears beside it', async () => {
  fill('wal');
  expect(readdirSync(folder)).toEqual(['shop.db']);
  await scene.startWorker();
  const backup = await scene.backUp(await scene.addSource({ kind: 'sqlite', path }));
  expect(backup, scene.logs()).toMatchObject({ status: 'COMPLETED' });
  expect(readdirSync(folder)).toEqual(['shop.db']);
});

test.each([
  ['that is not there', () => undefined, 'source_unreachable', /there is no file/],
  ['that holds something else', () => 'encrypted, or a text', 'config', /not a SQLite database/],
  ['that is empty', () => '', 'config', /empty/],
])('a file %s fails the backup with what to do', async (_, content, code, message) => {
  const text = content();
  if (text !== undefined) writeFileSync(path, text);
  await scene.startWorker();
  const backup = await scene.backUp(await scene.addSource({ kind: 'sqlite', path }));
  expect(backup).toMatchObject({ status: 'FAILED', errorCode: code });
  expect(backup.errorMessage).toMatch(message);
  expect(backup.errorHint).toMatch(/\.$/);
  expect(backup.copies).toEqual([]);
});

test('a cancel in mid-dump leaves no archive, no staged copy and no process', async () => {
  fill('wal');
  const worker = await scene.startWorker(scene.stuck());
  const id = await scene.ask(await scene.addSource({ kind: 'sqlite', path }));
  await backupWhere(scene.catalogue.raw, id, isDumping, scene.logs);
  expect(scene.left()).toContain('staged');
  await cancelBackup(scene.backend, ADMIN, id);
  const backup = await backupWhere(scene.catalogue.raw, id, isOver, scene.logs);
  expect(backup).toMatchObject({ status: 'FAILED', errorCode: 'cancelled' });
  expect(scene.left()).toEqual([]);
  expect(childrenOf(worker.pid)).toEqual([]);
});

test('kill -9 in mid-dump: the next worker marks it failed, and nothing staged is left', async () => {
  fill('wal');
  const source = await scene.addSource({ kind: 'sqlite', path });
  const backup = await scene.killInMidDump(source);
  expect(backup).toMatchObject({ status: 'FAILED', errorCode: 'interrupted' });
  await eventually(() => Promise.resolve(scene.left().length === 0), scene.logs);
  expect(await scene.backUp(source), scene.logs()).toMatchObject({ status: 'COMPLETED' });
});
