import { linkSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { AppError } from '#lib/core/errors.ts';
import { compareFileTrees } from '#lib/sources/registry.ts';
import { factsContext } from '#tests/support/facts.ts';

let folder: string;
let copy: string;
let live: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hf-trees-'));
  [copy, live] = [join(folder, 'copy'), join(folder, 'live')];
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

const compare = (...more: [Parameters<typeof compareFileTrees>[3]?]) =>
  compareFileTrees(factsContext(), copy, live, ...more);
/** The same in both. */
function growBoth(): void {
  for (const root of [copy, live]) {
    mkdirSync(join(root, 'sub', 'deep'), { recursive: true });
    for (const name of ['.env', 'sub.conf', 'sub/a', 'sub/deep/b']) writeFileSync(join(root, name), name);
    linkSync(join(root, 'sub', 'a'), join(root, 'z'));
    symlinkSync('sub', join(root, 'link'));
    linkSync(join(root, 'link'), join(root, 'link too'));
  }
}
const NOTHING = { added: [], removed: [], changed: [], isCut: false };

test('two trees that are alike differ in nothing, whatever their times and modes', async () => {
  growBoth();
  utimesSync(join(live, '.env'), 1, 1);
  expect(await compare()).toEqual(NOTHING);
});

test('each difference is named where it is, and no content is', async () => {
  growBoth();
  utimesSync(join(copy, '.env'), 1, 1);
  writeFileSync(join(live, '.env'), '.ENV');
  utimesSync(join(live, '.env'), 1, 1);
  writeFileSync(join(live, 'sub', 'a'), 'longer than it was');
  rmSync(join(live, 'sub', 'deep'), { recursive: true });
  mkdirSync(join(live, 'new'));
  writeFileSync(join(live, 'new', 'ü\n'), '');
  rmSync(join(copy, 'link'));
  symlinkSync('sub.conf', join(copy, 'link'));
  rmSync(join(copy, 'sub.conf'));
  mkdirSync(join(copy, 'sub.conf'));
  expect(await compare()).toEqual({
    added: ['sub/deep', 'sub/deep/b'],
    removed: ['new', 'new/ü\n'],
    changed: ['.env', 'link', 'sub/a', 'sub.conf', 'z'],
    isCut: false,
  });
});

test('what the backup did not take is no difference', async () => {
  growBoth();
  writeFileSync(join(live, 'sub', 'x.log'), '');
  rmSync(join(copy, 'sub.conf'));
  expect(await compare({ only: ['sub'], excludes: ['*.log'] })).toEqual(NOTHING);
  expect(await compare({ only: null, excludes: [] })).toMatchObject({
    removed: ['sub/x.log', 'sub.conf'],
  });
});

test('two files are compared as they are', async () => {
  writeFileSync(copy, 'a');
  writeFileSync(live, 'a');
  expect(await compare()).toEqual(NOTHING);
  writeFileSync(live, 'b');
  expect(await compare()).toEqual({ ...NOTHING, changed: ['.'] });
});

test('more than 200 differences are cut, and 200 are not', async () => {
  mkdirSync(copy);
  mkdirSync(live);
  for (let index = 0; index < 200; index += 1) writeFileSync(join(live, String(index)), '');
  expect((await compare()).removed).toHaveLength(200);
  expect((await compare()).isCut).toBe(false);
  writeFileSync(join(copy, 'one more'), '');
  const cut = await compare();
  expect(cut.isCut).toBe(true);
  expect(cut.added.length + cut.removed.length).toBe(200);
});

test('one that is not there has nothing, and a cancel throws its reason', async () => {
  mkdirSync(copy);
  writeFileSync(join(copy, 'a'), '');
  expect(await compare()).toEqual({ ...NOTHING, added: ['.', 'a'] });
  const reason = new AppError('cancelled', 'stop');
  await expect(compareFileTrees(factsContext(AbortSignal.abort(reason)), copy, live)).rejects.toBe(reason);
});
