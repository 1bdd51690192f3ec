import { execFile, execFileSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ArchiveResult } from '#lib/engine/archive.ts';
import { parseConfig, type ProtectedPlace } from '#lib/platform/config.ts';
import { findProgram } from '#scripts/programs.mjs';
import { takeArchive } from '#tests/support/take-archive.ts';

/** An apostrophe and a space, for what a shell takes for its own. */
const ODD = "the shop's files";
let folder: string;
let live: string;
let keyFile: string;
let sealed: ArchiveResult;
let sqlite: ArchiveResult;
/** Stock programs and nothing of ours. */
let path: string;

const archive = (protects: ProtectedPlace, recipients: string): Promise<ArchiveResult> =>
  takeArchive({
    ...parseConfig({
      BACKUP_LOCAL_PATH: join(folder, 'kept'),
      BACKUP_FILE_PREFIX: `${protects.kind}_backup`,
      BACKUP_AGE_RECIPIENTS: recipients,
      PATH: process.env['PATH'] ?? '',
    }),
    protects,
  });

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'hf-kit-paths-'));
  live = join(folder, ODD);
  mkdirSync(join(live, 'a', 'empty'), { recursive: true });
  writeFileSync(join(live, 'a', 'note.txt'), 'a note');
  writeFileSync(join(live, '.env'), 'SECRET=1', { mode: 0o600 });
  symlinkSync('a/note.txt', join(live, 'link'));
  keyFile = join(folder, 'key.txt');
  execFileSync('age-keygen', ['-o', keyFile], { stdio: 'ignore' });
  const recipient = execFileSync('age-keygen', ['-y', keyFile], { encoding: 'utf8' }).trim();
  sealed = await archive({ kind: 'files', path: live, only: null, excludes: [] }, recipient);
  const database = join(folder, 'shop.db');
  const db = new DatabaseSync(database);
  db.exec('create table items (id integer primary key, name text); insert into items (name) values (1), (2)');
  db.close();
  sqlite = await archive({ kind: 'sqlite', path: database }, '');
  path = join(folder, 'bin');
  mkdirSync(path);
  for (const name of 'sh zstd gzip age tar find sha256sum awk sed grep cat cp mv rm mkdir tr wc date df mktemp basename dirname'.split(
    ' ',
  ))
    symlinkSync(findProgram(name) ?? name, join(path, name));
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

const unchanged = (): void => undefined;

/** The kit as it lies beside the archives, in a folder of its own with one archive and its manifest. */
function restore(
  { filename, storagePath }: ArchiveResult,
  args: readonly string[],
  change: (file: string) => void = unchanged,
): Promise<{ code: number; stdout: string; stderr: string; at: string }> {
  const at = mkdtempSync(join(folder, 'try-'));
  for (const name of [storagePath, `${storagePath}.manifest.json`]) cpSync(name, join(at, basename(name)));
  cpSync(join(folder, 'kept', 'restore.sh'), join(at, 'restore.sh'));
  change(join(at, filename));
  return new Promise((resolve) => {
    execFile(
      join(path, 'sh'),
      ['restore.sh', ...args, filename],
      { cwd: at, env: { PATH: path, TMPDIR: folder } as unknown as NodeJS.ProcessEnv },
      (error, stdout, stderr) => {
        resolve({ code: Number(error?.code ?? 0), stdout, stderr, at });
      },
    );
  });
}

test('the name of the archive tells how it is opened', () => {
  expect(sealed.filename).toBe('files_backup_2026-11-21_01-00.tar.zst.age');
  expect(sqlite.filename).toBe('sqlite_backup_2026-11-21_01-00.sqlite.zst');
});

describe('without Node and without Holdfast', () => {
  test('files come back to a new path, and are counted', async () => {
    const { code, stdout, stderr, at } = await restore(sealed, ['--identity', keyFile, '--into', ODD]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain('2 files, as the manifest says');
    execFileSync('diff', ['--recursive', '--no-dereference', live, join(at, ODD)]);
  });

  test('a SQLite database comes back under its archive’s name where none is given', async () => {
    const { code, stdout, at } = await restore(sqlite, []);
    expect({ code, stdout }).toMatchObject({ code: 0 });
    const db = new DatabaseSync(join(at, 'sqlite_backup_2026-11-21_01-00_restored'), { readOnly: true });
    expect(db.prepare('select count(*) as n from items').get()).toEqual({ n: 2 });
    db.close();
  });

  test('--verify-only makes nothing', async () => {
    const { code, stdout, at } = await restore(sealed, [
      '--identity',
      keyFile,
      '--verify-only',
      '--into',
      'x',
    ]);
    expect({ code, stdout }).toMatchObject({ code: 0, stdout: expect.stringContaining('whole: ') as string });
    expect(existsSync(join(at, 'x'))).toBe(false);
  });
});

describe('refuses', () => {
  const flip = (file: string): void => {
    const bytes = readFileSync(file);
    const middle = bytes.length >> 1;
    bytes[middle] = (bytes[middle] ?? 0) ^ 1;
    writeFileSync(file, bytes);
  };
  test.each([
    ['a path that is there', 3, ['--into', '.'], unchanged, /exists already/],
    ['a folder that is not there', 3, ['--into', 'no/where'], unchanged, /there is no folder no/],
    ['a database as the target', 2, ['--target-db', 'x'], unchanged, /--into PATH/],
    ['a changed archive', 4, ['--into', 'x'], flip, /SHA-256/],
  ] as const)('%s with exit code %i', async (_what, expected, args, change, said) => {
    const { code, stderr, at } = await restore(sqlite, args, change);
    expect({ code, stderr }).toMatchObject({ code: expected, stderr: expect.stringMatching(said) as string });
    expect(existsSync(join(at, 'x'))).toBe(false);
  });

  test('other files than the manifest counts, and keeps them to be looked at', async () => {
    const { code, stderr, at } = await restore(sealed, ['--identity', keyFile, '--into', 'x'], (file) => {
      const manifest = `${file}.manifest.json`;
      const text = readFileSync(manifest, 'utf8').replace('"files": 2', '"files": 3');
      writeFileSync(manifest, text.replace(/,\n {2}"checksum": "[0-9a-f]+"/, ''));
    });
    expect({ code, stderr }).toMatchObject({ code: 4, stderr: expect.stringContaining('says 3') as string });
    expect(existsSync(join(at, 'x'))).toBe(true);
  });
});
