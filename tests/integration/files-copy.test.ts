import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  chmodSync,
  chownSync,
  copyFileSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Manifest } from '#lib/contracts/manifest.ts';
import { AppError } from '#lib/core/errors.ts';
import { createFilesCopy } from '#lib/sources/files/files-copy.ts';
import { asNobody } from '#tests/support/as-nobody.ts';
import { withSmallTmpfs } from '#tests/support/faults.ts';
import { dumpFiles, filesAt, filesConfig } from '#tests/support/files-dump.ts';
import { describeWith } from '#tests/support/needs.ts';
import { faultsOf, reporting } from '#tests/support/path-copy.ts';
import { growTortureTree, isRoot } from '#tests/support/torture-tree.ts';

const copy = createFilesCopy(filesConfig);
const whole = { paths: null };
let folder: string;
let live: string;
let tar: string;
let at: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hf-files-'));
  // For nobody in particular, too.
  chmodSync(folder, 0o755);
  live = join(folder, 'live');
  tar = join(folder, 'plain.tar');
  at = join(folder, 'copy');
  mkdirSync(live);
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

const fill = (file = tar, place = at, scope: Parameters<typeof copy.fill>[3] = whole): Promise<void> =>
  copy.fill(reporting().ctx, file, place, scope);
const thrownBy = async (act: () => Promise<unknown>): Promise<AppError> => {
  const error: unknown = await act().then(
    () => 'nothing was thrown',
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(AppError);
  return error as AppError;
};

/** A small tree with a file of two names, a link and a folder. */
function growTree(): void {
  mkdirSync(join(live, 'sub'));
  writeFileSync(join(live, 'sub', 'a'), 'the content of a');
  linkSync(join(live, 'sub', 'a'), join(live, 'sub', 'b'));
  writeFileSync(join(live, 'note'), 'a note');
  symlinkSync('note', join(live, 'link'));
}

/** Does something to the copy, and lets the times of what it touched look as if nothing had been done. */
function unseen(path: string, act: () => void): void {
  const touched = [path, dirname(path)].map((one) => ({ one, times: lstatSync(one) }));
  act();
  for (const { one, times } of touched)
    execFileSync('touch', ['--no-dereference', `--date=@${String(times.mtimeMs / 1000)}`, one]);
}

test('everything that a tree can hold comes back and compares, and stock tar says so too', async () => {
  await growTortureTree(live);
  const manifest = await dumpFiles(filesAt(live), tar);
  // A pipe, a socket, and as root a device.
  expect(manifest.facts.files).toMatchObject({ others: isRoot ? 3 : 2, changed: [], changedCount: 0 });
  await fill();
  expect(await faultsOf(copy, at, manifest)).toEqual({});
  execFileSync('tar', ['--compare', '--numeric-owner', `--file=${tar}`, `--directory=${at}`]);
  expect(statSync(join(at, 'links', 'z first')).nlink).toBe(4);
  expect(statSync(at).mode & 0o7777).toBe(0o750);
});

test('two dumps of one tree are the same bytes', async () => {
  await growTortureTree(live);
  await dumpFiles(filesAt(live), tar);
  await dumpFiles(filesAt(live), `${tar}.2`);
  expect(readFileSync(tar).equals(readFileSync(`${tar}.2`))).toBe(true);
});

test.each<[string, (file: (name: string) => string) => void, object]>([
  [
    'one changed byte',
    (file) => {
      unseen(file('note'), () => {
        writeFileSync(file('note'), 'a nose');
      });
    },
    { content: 'FAILED' },
  ],
  [
    'a file that is gone',
    (file) => {
      unlinkSync(file('note'));
    },
    { files: 'FAILED' },
  ],
  [
    'an empty folder too many',
    (file) => {
      mkdirSync(file('sub/more'));
    },
    { files: 'FAILED' },
  ],
  [
    'a file that is longer',
    (file) => {
      unseen(file('note'), () => {
        appendFileSync(file('note'), '\0');
      });
    },
    { files: 'FAILED' },
  ],
  [
    'another name',
    (file) => {
      renameSync(file('note'), file('nose'));
    },
    { content: 'FAILED', properties: isRoot ? 'FAILED' : 'UNKNOWN' },
  ],
  [
    'a link that leads elsewhere',
    (file) => {
      unseen(file('link'), () => {
        unlinkSync(file('link'));
        symlinkSync('nose', file('link'));
      });
    },
    { content: 'FAILED' },
  ],
  [
    'two names that are two files now',
    (file) => {
      unseen(file('sub/b'), () => {
        unlinkSync(file('sub/b'));
        copyFileSync(file('sub/a'), file('sub/b'));
      });
    },
    { files: 'FAILED' },
  ],
  [
    'another mode',
    (file) => {
      chmodSync(file('note'), 0o640);
    },
    { properties: isRoot ? 'FAILED' : 'UNKNOWN' },
  ],
  [
    'another time',
    (file) => {
      utimesSync(file('sub/a'), 1, 1);
    },
    { properties: isRoot ? 'FAILED' : 'UNKNOWN' },
  ],
  [
    'another group',
    (file) => {
      chownSync(file('sub'), process.geteuid?.() ?? 0, isRoot ? 12_345 : (process.getgroups?.()[0] ?? 0));
    },
    isRoot ? { properties: 'FAILED' } : {},
  ],
])('%s is found, and nothing else is said', async (_name, damage, faults) => {
  growTree();
  const manifest = await dumpFiles(filesAt(live), tar);
  await fill();
  expect(await faultsOf(copy, at, manifest)).toEqual({});
  damage((name) => join(at, name));
  expect(await faultsOf(copy, at, manifest)).toEqual(faults);
});

test('what is missing is said in words', async () => {
  growTree();
  const manifest = await dumpFiles(filesAt(live), tar);
  await fill();
  unlinkSync(join(at, 'sub', 'a'));
  unlinkSync(join(at, 'note'));
  const { ctx, checks } = reporting();
  await copy.compare(ctx, at, manifest, whole);
  expect(checks).toMatchObject([
    {
      name: 'files',
      verdict: 'FAILED',
      expected: '3 files, 2 folders, 1 link, 22 bytes',
      found: '1 file, 2 folders, 1 link, 16 bytes',
      reason: '2 files missing; 6 bytes missing',
    },
  ]);
});

test('a copy that is not there has nothing, and one that cannot be read is UNKNOWN', async () => {
  growTree();
  const manifest = await dumpFiles(filesAt(live), tar);
  expect(await faultsOf(copy, at, manifest)).toEqual({ files: 'FAILED' });
  await fill();
  chmodSync(at, 0);
  const { ctx, checks, errors } = reporting();
  await asNobody(() => copy.compare(ctx, at, manifest, whole));
  expect(checks).toMatchObject([{ name: 'files', verdict: 'UNKNOWN', isRequired: true }]);
  expect(errors).toMatchObject([{ code: 'source_auth' }]);
  chmodSync(at, 0o700);
});

test('a user who is not root gets everything but owners, of which nothing is known', async () => {
  growTree();
  if (isRoot) execFileSync('mknod', [join(live, 'null'), 'c', '1', '3']);
  const manifest = await dumpFiles(filesAt(live), tar);
  const place = join(folder, 'of nobody');
  mkdirSync(place, { mode: 0o777 });
  chmodSync(place, 0o777);
  await asNobody(async () => {
    await fill(tar, join(place, 'copy'));
    expect(await faultsOf(copy, join(place, 'copy'), manifest)).toEqual(
      isRoot ? { properties: 'UNKNOWN' } : {},
    );
    const error = await thrownBy(() => fill(tar, isRoot ? at : '/proc/copy'));
    expect(error.code).toBe('config');
  });
});

test('a single file is a file again, whatever its names', async () => {
  const name = '-a & b|c\\d.conf';
  writeFileSync(join(live, name), 'key=value', { mode: 0o640 });
  const manifest = await dumpFiles(filesAt(join(live, name)), tar);
  for (const target of ['copy', '& of \\1 | / s'.replaceAll('/', 'x'), '-rf']) {
    await fill(tar, join(folder, target));
    expect(readFileSync(join(folder, target), 'utf8')).toBe('key=value');
    expect(statSync(join(folder, target)).mode & 0o7777).toBe(0o640);
    expect(await faultsOf(copy, join(folder, target), manifest)).toEqual({});
  }
  expect((await thrownBy(() => fill())).code).toBe('target_not_empty');
  writeFileSync(at, 'key=other');
  expect(await faultsOf(copy, at, manifest)).toMatchObject({ content: 'FAILED' });
});

test('chosen paths come alone, and are compared with what the archive has of them', async () => {
  growTree();
  const manifest = await dumpFiles(filesAt(live), tar);
  const compare = async (paths: readonly string[]) => {
    const { ctx, checks } = reporting();
    await copy.compare(ctx, at, manifest, { paths, dump: tar });
    return Object.fromEntries(checks.map(({ name, verdict }) => [name, verdict]));
  };
  await fill(tar, at, { paths: ['sub', 'link', 'sub/a'] });
  expect(readdirSync(at).sort()).toEqual(['link', 'sub']);
  const passed = { files: 'PASSED', content: 'PASSED', properties: 'PASSED' };
  expect(await compare(['sub', 'link'])).toEqual(passed);
  unseen(join(at, 'sub', 'a'), () => {
    writeFileSync(join(at, 'sub', 'a'), 'the content of b');
  });
  expect(await compare(['sub', 'link'])).toEqual({ ...passed, content: 'FAILED' });
  // Beside the choice anything may be.
  expect(await compare(['link'])).toEqual(passed);
});

test('a path that the archive does not have is refused by its name, and nothing is made', async () => {
  growTree();
  await dumpFiles(filesAt(live), tar);
  const error = await thrownBy(() => fill(tar, at, { paths: ['note', 'su'] }));
  expect(error).toMatchObject({
    code: 'invalid',
    message: 'su is not in the backup',
    fields: { field: 'paths' },
  });
  const cut = await thrownBy(() => fill(tar, at, { paths: ['sub/b'] }));
  expect(cut).toMatchObject({
    code: 'invalid',
    message: 'sub/b is another name of sub/a, which is not chosen',
  });
  expect(existsSync(at)).toBe(false);
});

test('entries of a folder that were chosen for the backup compare without their folder', async () => {
  growTree();
  writeFileSync(join(live, 'not chosen'), '');
  const manifest = await dumpFiles(filesAt(live, { only: ['sub/a', 'sub', 'note'] }), tar);
  expect(manifest.facts.files).toMatchObject({ files: 3, directories: 1 });
  await fill();
  expect(readdirSync(at).sort()).toEqual(['note', 'sub']);
  expect(await faultsOf(copy, at, manifest)).toEqual({});
  writeFileSync(join(at, 'sub', 'more'), '');
  expect(await faultsOf(copy, at, manifest)).toEqual({ files: 'FAILED' });
});

const stockTar = (...args: string[]): void => {
  execFileSync('tar', ['--absolute-names', `--file=${tar}`, ...args], { stdio: 'ignore' });
};

test.each<[string, () => void]>([
  [
    'an absolute name',
    () => {
      stockTar('--create', '--format=posix', join(live, 'note'));
    },
  ],
  [
    'a name that climbs out',
    () => {
      stockTar('--create', `--directory=${live}`, '../live/note');
    },
  ],
  [
    'a name that climbs out further down',
    () => {
      stockTar('--create', `--directory=${live}`, './sub/../../live/note');
    },
  ],
  [
    'another name of a file elsewhere',
    () => {
      stockTar(
        '--create',
        `--directory=${live}`,
        '--transform=flags=rSh;s,^,/,;s,^/\\./sub/b$,./sub/b,',
        './sub/a',
        './sub/b',
      );
      stockTar('--delete', '/./sub/a');
    },
  ],
])('an archive with %s is refused before anything is opened', async (_name, make) => {
  growTree();
  make();
  const error = await thrownBy(() => fill());
  expect(error.code).toBe('restore_failed');
  expect(error.message).toContain('reach out of its folder');
  expect(existsSync(at)).toBe(false);
});

test('an archive that goes through a link of its own reaches nothing outside', async () => {
  const outside = join(folder, 'outside');
  const [first, second] = [join(folder, 'first'), join(folder, 'second')];
  for (const one of [outside, first, second]) mkdirSync(one);
  symlinkSync(outside, join(first, 'way'));
  mkdirSync(join(second, 'way'));
  writeFileSync(join(second, 'way', 'planted'), '');
  stockTar('--create', `--directory=${first}`, './way');
  stockTar('--append', `--directory=${second}`, './way/planted');
  await fill().catch(() => undefined);
  expect(readdirSync(outside)).toEqual([]);
});

test("what is cut, or no archive at all, fails as the archive's fault", async () => {
  growTree();
  await dumpFiles(filesAt(live), tar);
  const size = statSync(tar).size;
  for (const bytes of [0, 511, 512, 2_048, size - 65_536 + 700]) {
    truncateSync(tar, bytes);
    writeFileSync(tar, readFileSync(tar));
    expect((await thrownBy(() => fill())).code).toBe('restore_failed');
    await dumpFiles(filesAt(live), tar);
  }
  writeFileSync(tar, 'x'.repeat(2_000));
  expect((await thrownBy(() => fill())).code).toBe('restore_failed');
  expect(existsSync(at)).toBe(false);
});

test('what is there already is left alone', async () => {
  growTree();
  await dumpFiles(filesAt(live), tar);
  mkdirSync(at);
  expect((await thrownBy(() => fill())).code).toBe('target_not_empty');
  expect(readdirSync(at)).toEqual([]);
});

test('a cancel throws its reason', async () => {
  growTree();
  await dumpFiles(filesAt(live), tar);
  const reason = new AppError('cancelled', 'stop');
  const { ctx } = reporting(AbortSignal.abort(reason));
  expect(await thrownBy(() => copy.fill(ctx, tar, at, whole))).toBe(reason);
});

describeWith('a full disk')('on a small disk', () => {
  test('a copy that does not fit is storage_full', async () => {
    writeFileSync(join(live, 'large'), Buffer.alloc(4_000_000, 1));
    await dumpFiles(filesAt(live), tar);
    await withSmallTmpfs(2, async (disk) => {
      expect((await thrownBy(() => fill(tar, join(disk, 'copy')))).code).toBe('storage_full');
    });
  });
});

test('a manifest without facts of files proves nothing', async () => {
  growTree();
  const manifest: Manifest = await dumpFiles(filesAt(live), tar);
  await fill();
  expect(await faultsOf(copy, at, { ...manifest, facts: { ...manifest.facts, files: null } })).toEqual({
    files: 'UNKNOWN',
  });
});
