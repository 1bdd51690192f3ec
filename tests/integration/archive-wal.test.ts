import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeEach, expect, test } from 'vitest';
import { withSmallTmpfs } from '#tests/support/faults.ts';
import { describeWith } from '#tests/support/needs.ts';

const SCRIPT = fileURLToPath(new URL('../../scripts/archive-wal.sh', import.meta.url));
const NAME = '000000010000000000000007';
const BYTES = Buffer.alloc(16 * 1024 * 1024, 'wal');
let folder: string;
let segment: string;
let kept: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hf-wal-'));
  segment = join(folder, 'a segment');
  kept = join(folder, "kept $HOME 'here'");
  mkdirSync(kept);
  writeFileSync(segment, BYTES);
  return () => {
    rmSync(folder, { recursive: true, force: true });
  };
});

/** As the server calls it: nothing of this environment but PATH. */
const archive = (args: readonly string[], env: Record<string, string> = {}) =>
  new Promise<{ code: number; stdout: string; stderr: string }>((resolve) => {
    execFile(
      SCRIPT,
      [...args],
      { env: { NODE_ENV: 'test', PATH: process.env['PATH'], ...env } },
      (error, stdout, stderr) => {
        resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr });
      },
    );
  });
const isWhole = (at = kept): boolean => readFileSync(join(at, NAME)).equals(BYTES);

test('a segment is kept whole, and again with the same bytes, which PostgreSQL asks for after a crash', async () => {
  for (let time = 1; time <= 2; time += 1) {
    expect(await archive([segment, NAME, kept])).toEqual({ code: 0, stdout: '', stderr: '' });
    expect(readdirSync(kept)).toEqual([NAME]);
    expect(isWhole()).toBe(true);
  }
});

test('the folder may stand in the environment', async () => {
  expect(await archive([segment, NAME], { BACKUP_WAL_PATH: kept })).toMatchObject({ code: 0 });
  expect(isWhole()).toBe(true);
});

test('other bytes under a name that is kept are refused loudly, and what is kept stays', async () => {
  await archive([segment, NAME, kept]);
  writeFileSync(segment, Buffer.alloc(BYTES.length, 'other'));
  const done = await archive([segment, NAME, kept]);
  expect(done.code).toBe(1);
  expect(done.stderr).toContain(`another ${NAME} is kept`);
  expect(readdirSync(kept)).toEqual([NAME]);
  expect(isWhole()).toBe(true);
});

test('what a killed run left half-made is removed by the next', async () => {
  writeFileSync(join(kept, `.${NAME}.partial-123`), 'half');
  expect(await archive([segment, NAME, kept])).toMatchObject({ code: 0 });
  expect(readdirSync(kept)).toEqual([NAME]);
});

test('a folder that is not there is not made, for its disk may just not be mounted', async () => {
  const done = await archive([segment, NAME, join(folder, 'not mounted')]);
  expect(done.code).toBe(2);
  expect(done.stderr).toContain('there is no folder');
  expect(readdirSync(folder)).not.toContain('not mounted');
});

test.each([
  [[], 2],
  [['x'], 2],
  [['x', '../up'], 2],
  [['x', '.hidden'], 2],
  [['not-there', NAME], 2],
  [['--help'], 0],
])('arguments %j: exit code %i', async (args, code) => {
  const done = await archive(args, { BACKUP_WAL_PATH: kept });
  expect(done.code).toBe(code);
  if (code === 0) expect(done.stdout).toMatch(/^Usage: archive-wal\.sh PATH NAME \[FOLDER\]\n/);
  else expect(done.stderr).toMatch(/^error: .*\nHINT: .*\n$/);
  expect(readdirSync(kept)).toEqual([]);
});

describeWith('a full disk')('a full disk', () => {
  test('fails without leaving half a segment, and succeeds once there is room', async () => {
    await withSmallTmpfs(20, async (disk) => {
      const filler = join(disk, 'filler');
      writeFileSync(filler, Buffer.alloc(8 * 1024 * 1024));
      const done = await archive([segment, NAME, disk]);
      expect(done.code).toBe(1);
      expect(done.stderr).toContain('[storage_full]');
      expect(readdirSync(disk)).toEqual(['filler']);
      rmSync(filler);
      expect(await archive([segment, NAME, disk])).toMatchObject({ code: 0 });
      expect(isWhole(disk)).toBe(true);
    });
  });
});
