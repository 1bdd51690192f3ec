import { execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import {
  copyFileSync,
  mkdtempSync,
  openSync,
  closeSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { buffer } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import type { Facts } from '#lib/contracts/facts.ts';
import type { Manifest } from '#lib/contracts/manifest.ts';
import type { DumpOptions } from '#lib/sources/source.ts';
import { createSqliteCopy } from '#lib/sources/sqlite/sqlite-copy.ts';
import type { SqliteOrder } from '#lib/sources/sqlite/sqlite-order.ts';
import { createSqliteSource } from '#lib/sources/sqlite/sqlite-source.ts';
import { factsContext } from '#tests/support/facts.ts';
import { withSmallTmpfs } from '#tests/support/faults.ts';
import { describeWith } from '#tests/support/needs.ts';
import { faultsOf, manifestWith, reporting } from '#tests/support/path-copy.ts';

const everything: DumpOptions = {
  tables: null,
  schemaOnly: false,
  compression: 'none',
  facts: { takesFingerprints: true, fingerprintMaxBytes: 1e9 },
};
const PROGRAM = fileURLToPath(new URL('../../lib/sources/sqlite/sqlite-process.ts', import.meta.url));
const copy = createSqliteCopy();
const whole = { paths: null };
let folder: string;
/** What was dumped, and its manifest. */
let dumped: string;
let manifest: Manifest;

async function take(
  path: string,
  workDir = folder,
  options: DumpOptions = everything,
): Promise<{ readonly bytes: Buffer; readonly facts: Facts }> {
  await using dump = await createSqliteSource({ kind: 'sqlite', path }).dump(
    { ...factsContext(), workDir },
    options,
  );
  const bytes = await buffer(dump.body);
  return { bytes, facts: await dump.facts() };
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'hf-sqlite-'));
  const path = join(folder, 'live.db');
  const db = new DatabaseSync(path);
  db.exec(`
    create table shelves (id integer primary key, name text);
    create table items (id integer primary key, shelf integer references shelves, n, note text);
    create index by_note on items (note);
    create virtual table words using fts5 (body);
    insert into shelves values (1, 'left'), (2, null);
    insert into words values ('nuts and bolts');
    insert into items (shelf, n, note)
      with recursive n(v) as (select 1 union all select v + 1 from n where v < 3000)
      select 1 + v % 2, v, 'note ' || v from n;
    update items set n = 9007199254740993 where id = 1;
    update items set n = 1.0 where id = 2;
    update items set n = 'ü' where id = 3;
    update items set n = x'00' where id = 4;
    update items set n = null where id = 5`);
  db.close();
  const { bytes, facts } = await take(path);
  dumped = join(folder, 'dumped');
  writeFileSync(dumped, bytes);
  manifest = manifestWith('sqlite', facts);
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

/** What the comparison finds wrong with a copy after this was done to it. */
async function faultsAfter(change: (path: string) => void): Promise<Readonly<Record<string, string>>> {
  const place = mkdtempSync(join(folder, 'copy-'));
  const at = join(place, 'copy');
  const { ctx } = reporting();
  await copy.fill(ctx, dumped, at, whole);
  expect(statSync(at).mode & 0o777).toBe(0o600);
  change(at);
  const before = readdirSync(place);
  const faults = await faultsOf(copy, at, manifest);
  expect(readdirSync(place), 'looking leaves nothing').toEqual(before);
  return faults;
}
const running =
  (sql: string) =>
  (path: string): void => {
    const db = new DatabaseSync(path, { enableForeignKeyConstraints: false });
    db.exec(sql);
    db.close();
  };

test('a copy as it was dumped passes every check', async () => {
  expect(await faultsAfter(() => undefined)).toEqual({});
});

test.each([
  ['a value', 'update shelves set name = null where id = 1', { 'content:main.shelves': 'FAILED' }],
  [
    'an integer that became a real',
    'update items set n = 7.0 where id = 7',
    { 'content:main.items': 'FAILED' },
  ],
  [
    'the last digit of a large integer',
    'update items set n = n - 1 where id = 1',
    { 'content:main.items': 'FAILED' },
  ],
  ['a missing row', 'delete from items where id = 9', { 'rows:main.items': 'FAILED' }],
  [
    'a missing table',
    'drop table shelves',
    // Every row of items refers to it then.
    { tables: 'FAILED', 'foreign-keys': 'UNKNOWN' },
  ],
  ['a table too many', 'create table more (n)', { tables: 'FAILED' }],
  [
    'rows that refer to nothing',
    'delete from shelves where id = 2',
    { 'rows:main.shelves': 'FAILED', 'foreign-keys': 'UNKNOWN' },
  ],
])('%s is found, and nothing else', async (_, sql, faults) => {
  expect(await faultsAfter(running(sql))).toEqual(faults);
});

test('damage on a page, a cut file, and a file that is no database fail the integrity', async () => {
  const damage = (path: string): void => {
    const file = openSync(path, 'r+');
    const { size } = statSync(path);
    writeSync(file, Buffer.alloc(4096, 0x5a), 0, 4096, Math.floor(size / 8192) * 4096);
    closeSync(file);
  };
  expect(await faultsAfter(damage)).toMatchObject({ integrity: 'FAILED' });
  const cut = (path: string): void => {
    writeFileSync(path, readFileSync(path).subarray(0, 20_000));
  };
  expect(await faultsAfter(cut)).toMatchObject({ integrity: 'FAILED' });
  const other = (path: string): void => {
    writeFileSync(path, 'no database at all, but long enough to be looked at'.repeat(100));
  };
  expect(await faultsAfter(other)).toMatchObject({ integrity: 'FAILED', tables: 'UNKNOWN' });
});

test('filling refuses a dump that is no database, and a path where something is', async () => {
  const { ctx } = reporting();
  const other = join(folder, 'other');
  writeFileSync(other, 'not a database');
  await expect(copy.fill(ctx, other, join(folder, 'new'), whole)).rejects.toMatchObject({
    code: 'restore_failed',
  });
  await expect(copy.fill(ctx, dumped, other, whole)).rejects.toMatchObject({ code: 'target_not_empty' });
  expect(readFileSync(other, 'utf8')).toBe('not a database');
});

test('the fingerprint is what docs/format.md says', () => {
  const head = (tag: string, length: number): Buffer => {
    const bytes = Buffer.alloc(9);
    bytes.write(tag);
    bytes.writeBigUInt64BE(BigInt(length), 1);
    return bytes;
  };
  const integer = (n: bigint): Buffer => {
    const bytes = Buffer.alloc(8);
    bytes.writeBigInt64BE(n);
    return Buffer.concat([head('I', 8), bytes]);
  };
  const rows = [
    Buffer.concat([integer(1n), head('T', 4), Buffer.from('left')]),
    Buffer.concat([integer(2n), head('N', 0)]),
  ];
  const prints = rows.map((row) => createHash('sha256').update(row).digest('hex').slice(0, 32));
  const sum = prints.reduce((total, print) => total + BigInt(`0x${print}`), 0n) % 2n ** 128n;
  const fact = manifest.facts.tables.find(({ name }) => name === 'shelves');
  expect(fact?.fingerprint).toBe(sum.toString(16).padStart(32, '0'));
});

test('facts follow the policy, and virtual tables are counted by what holds their rows', async () => {
  const names = manifest.facts.tables.map(({ name }) => name);
  expect(names).toEqual(expect.arrayContaining(['items', 'shelves', 'words_content', 'words_data']));
  expect(names).not.toContain('words');
  const path = join(folder, 'live.db');
  const off = { ...everything, facts: { takesFingerprints: false, fingerprintMaxBytes: 1e9 } };
  expect(new Set((await take(path, folder, off)).facts.tables.map(({ unknown }) => unknown))).toEqual(
    new Set(['switched-off']),
  );
  const small = { ...everything, facts: { takesFingerprints: true, fingerprintMaxBytes: 10_000 } };
  const { facts } = await take(path, folder, small);
  expect(facts.tables.find(({ name }) => name === 'items')).toMatchObject({
    rows: 3000,
    unknown: 'too-large',
  });
  expect(facts.tables.find(({ name }) => name === 'shelves')).toMatchObject({ rows: 2, unknown: null });
});

test('a database that is locked exclusively is waited for, and then told of', async () => {
  const path = join(folder, 'locked.db');
  copyFileSync(dumped, path);
  // Another process: in this one, looking at the file would let go of the lock.
  const program = `const { DatabaseSync } = require('node:sqlite');
    new DatabaseSync(process.argv[1]).exec('begin exclusive'); console.log('held'); setTimeout(() => {}, 600_000)`;
  const holder = spawn(process.execPath, ['-e', program, path], { stdio: ['ignore', 'pipe', 'ignore'] });
  onTestFinished(() => {
    holder.kill('SIGKILL');
  });
  await once(holder.stdout, 'data');
  const source = createSqliteSource({ kind: 'sqlite', path });
  const probing = source.probe(factsContext());
  const dumping = take(path);
  const locked = { code: 'source_unreachable', message: expect.stringContaining('locked') as string };
  await Promise.all([
    expect(probing).rejects.toMatchObject(locked),
    expect(dumping).rejects.toMatchObject(locked),
  ]);
  const waiting = take(path);
  await new Promise((resolve) => setTimeout(resolve, 1000));
  holder.kill('SIGKILL');
  expect((await waiting).facts.tableCount).toBe(manifest.facts.tableCount);
});

test('the process that reads a database ends when nobody is left who listens', async () => {
  const path = join(folder, 'many.db');
  const db = new DatabaseSync(path);
  db.exec(`create table t (n integer primary key);
    insert into t with recursive n(v) as (select 1 union all select v + 1 from n where v < 300000) select v from n`);
  db.close();
  const order = { kind: 'facts', path, ...everything.facts } satisfies SqliteOrder;
  const reader = spawn(process.execPath, [PROGRAM], { stdio: ['pipe', 'pipe', 'ignore'] });
  const exited = once(reader, 'exit');
  reader.stdin.end(JSON.stringify(order));
  await once(reader.stdout, 'data');
  reader.stdout.destroy();
  const [code] = (await exited) as [number | null];
  expect(code, 'it did not come to its end').not.toBe(0);
});

test('a part of a database cannot be asked for', async () => {
  const path = join(folder, 'live.db');
  await expect(take(path, folder, { ...everything, tables: ['items'] })).rejects.toMatchObject({
    code: 'invalid',
    fields: { field: 'tables' },
  });
  await expect(take(path, folder, { ...everything, schemaOnly: true })).rejects.toMatchObject({
    code: 'invalid',
    fields: { field: 'schemaOnly' },
  });
});

describeWith('a full disk')('SQLite and small or sealed disks', () => {
  test('a run folder with too little room is told before anything is copied', async () => {
    await withSmallTmpfs(1, async (small) => {
      const path = join(folder, 'large.db');
      const db = new DatabaseSync(path);
      db.exec('create table t (b); insert into t values (randomblob(3000000))');
      db.close();
      await expect(take(path, small)).rejects.toMatchObject({ code: 'storage_full' });
      expect(readdirSync(small)).toEqual([]);
    });
  });

  test('on a disk that may only be read, a database at rest is copied, and one whose log is left over tells what it needs', async () => {
    await withSmallTmpfs(16, async (disk) => {
      const path = join(disk, 'sealed.db');
      const db = new DatabaseSync(path);
      db.exec('pragma journal_mode = wal; create table t (n); insert into t values (1)');
      const log = readFileSync(`${path}-wal`);
      db.close();
      const seal = (mode: 'ro' | 'rw'): void => {
        execFileSync('mount', ['-o', `remount,${mode}`, disk]);
      };
      seal('ro');
      expect((await take(path)).facts.tables).toMatchObject([{ name: 't', rows: 1 }]);
      seal('rw');
      writeFileSync(`${path}-wal`, log);
      seal('ro');
      await expect(take(path)).rejects.toMatchObject({
        code: 'source_auth',
        hint: expect.stringContaining('-shm') as string,
      });
    });
  });
});
