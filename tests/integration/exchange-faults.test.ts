import { execFile } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { systemClock } from '#lib/core/clock.ts';
import { exchangePaths, makeAside, stepsOf, vacantOf } from '#lib/engine/exchange-path.ts';
import { quietContext } from '#tests/support/storage-spec.ts';

const ctx = { ...quietContext(), clock: systemClock };
/** Root may do everything. */
const ordinary =
  process.getuid?.() === 0
    ? { uid: 65_534, gid: 65_534 }
    : { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hf-exchange-'));
});
afterEach(() => {
  for (const path of [folder, join(folder, 'closed')]) if (existsSync(path)) chmodSync(path, 0o700);
  rmSync(folder, { recursive: true, force: true });
});

const namesAt = () => {
  const live = join(folder, 'app');
  return { live, next: `${live}_restore_20261129000000`, aside: `${live}_before_20261129000000` };
};
/** What is to be moved of what is there. */
const planned = (...order: Parameters<typeof stepsOf>) =>
  stepsOf(...order).filter(({ from }) => existsSync(from));

/** A database of which all rows are in its log alone, as an application leaves it that was killed. */
function databaseAt(path: string, rows: number): void {
  const place = mkdtempSync(join(folder, 'making-'));
  const db = new DatabaseSync(join(place, 'db'));
  db.exec('pragma journal_mode = wal; pragma wal_autocheckpoint = 0; create table t (x)');
  for (let row = 0; row < rows; row += 1) db.exec(`insert into t values (${String(row)})`);
  for (const suffix of ['', '-wal']) writeFileSync(path + suffix, readFileSync(join(place, `db${suffix}`)));
  db.close();
  rmSync(place, { recursive: true });
}
function rowsAt(path: string): unknown {
  const db = new DatabaseSync(path);
  try {
    return db.prepare('select count(*) as rows from t').get()?.['rows'];
  } finally {
    db.close();
  }
}

test('a database goes with its log and comes back with it, row for row', async () => {
  const { live, next, aside } = namesAt();
  databaseAt(live, 40);
  databaseAt(next, 7);

  const steps = planned({ live, next, aside }, null, 'sqlite');
  await exchangePaths(ctx, steps, vacantOf(steps, live, 'sqlite'));
  expect(readdirSync(folder).sort()).toEqual(
    [live, `${live}-wal`, aside, `${aside}-wal`].map((path) => basename(path)),
  );
  const back = planned({ live, next: aside, aside: next }, null, 'sqlite');
  await exchangePaths(ctx, back, vacantOf(back, live, 'sqlite'));
  expect(rowsAt(live)).toBe(40);
  expect(rowsAt(next)).toBe(7);
});

test('a log that is written after the exchange was planned stops it, and everything is as before', async () => {
  const { live, next, aside } = namesAt();
  databaseAt(live, 40);
  const log = readFileSync(`${live}-wal`);
  rmSync(`${live}-wal`);
  writeFileSync(next, 'restored');
  const steps = planned({ live, next, aside }, null, 'sqlite');
  writeFileSync(`${live}-wal`, log);

  await expect(exchangePaths(ctx, steps, vacantOf(steps, live, 'sqlite'))).rejects.toMatchObject({
    code: 'conflict',
    message: expect.stringContaining('app-wal was written') as string,
  });
  expect(existsSync(aside)).toBe(false);
  expect(readFileSync(next, 'utf8')).toBe('restored');
  expect(rowsAt(live)).toBe(40);
});

test('entries of which the last cannot be brought in are all put back', async () => {
  const { live, next, aside } = namesAt();
  for (const [root, what] of [
    [live, 'old'],
    [next, 'new'],
  ] as const) {
    mkdirSync(join(root, 'deep'), { recursive: true });
    for (const entry of ['a', 'deep/b', 'c']) writeFileSync(join(root, entry), what);
  }
  const steps = planned({ live, next, aside }, ['a', 'deep/b', 'c'], 'files');
  rmSync(join(next, 'c'));
  await makeAside(aside, live);
  await expect(exchangePaths(ctx, steps)).rejects.toMatchObject({ code: 'object_missing' });
  for (const entry of ['a', 'deep/b', 'c']) expect(readFileSync(join(live, entry), 'utf8')).toBe('old');
  for (const entry of ['a', 'deep/b']) expect(readFileSync(join(next, entry), 'utf8')).toBe('new');
});

/** What a module's function answers an ordinary user, told in JSON. */
async function asOrdinaryUser(module: string, call: string): Promise<unknown> {
  const code = `const ours = await import(${JSON.stringify(fileURLToPath(new URL(`../../lib/${module}`, import.meta.url)))});
    const log = { warn: () => undefined };
    console.log(JSON.stringify(await (${call})));`;
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', code], {
    ...ordinary,
    cwd: '/',
    env: { NODE_ENV: 'test' },
  });
  return JSON.parse(stdout);
}

test('a folder that its user may write to but not list does not turn a done exchange into a failed one', async () => {
  const { live, next, aside } = namesAt();
  writeFileSync(live, 'old');
  writeFileSync(next, 'new');
  for (const path of [folder, live, next]) chownSync(path, ordinary.uid, ordinary.gid);
  chmodSync(folder, 0o300);
  const names = JSON.stringify({ live, next, aside });
  const answer = await asOrdinaryUser(
    'engine/exchange-path.ts',
    `ours.exchangePaths({ clock: { now: () => new Date() }, log }, ours.stepsOf(${names}, null, 'files'))`,
  );
  expect(answer).toHaveProperty('interruptionMs');
  expect(readFileSync(live, 'utf8')).toBe('new');
  expect(readFileSync(aside, 'utf8')).toBe('old');
});

test('a path below a folder that its user may not pass through is refused in words', async () => {
  const closed = join(folder, 'closed');
  mkdirSync(join(closed, 'deep', 'app'), { recursive: true });
  chmodSync(folder, 0o755);
  chmodSync(closed, 0o000);
  const config = JSON.stringify({
    localPath: '/nowhere/a',
    dataDir: '/nowhere/b',
    verify: { dir: '/nowhere/c' },
  });
  const manifest = JSON.stringify({
    source: { kind: 'files' },
    options: { files: null },
    facts: { files: null },
  });
  for (const mode of ['new', 'swap']) {
    const plan = JSON.stringify({ mode, targetDatabase: join(closed, 'deep', 'app') });
    const answer = await asOrdinaryUser(
      'restore/guard-path.ts',
      `ours.refusalsOfPath(${config}, ${plan}, ${manifest})
          .then((all) => all.map(({ name, error }) => [name, error.code, error.message]))`,
    );
    expect(answer).toEqual([['folder', 'config', expect.stringContaining('may not look at')]]);
  }
});
