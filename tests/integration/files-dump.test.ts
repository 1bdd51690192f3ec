import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  appendFileSync,
  chmodSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { AppError } from '#lib/core/errors.ts';
import type { FilesPlace } from '#lib/platform/config.ts';
import { createFilesCopy } from '#lib/sources/files/files-copy.ts';
import { createFilesSource } from '#lib/sources/files/files-source.ts';
import type { Dump } from '#lib/sources/source.ts';
import { asNobody } from '#tests/support/as-nobody.ts';
import { childrenOf } from '#tests/support/children.ts';
import { factsContext } from '#tests/support/facts.ts';
import { dumpFiles, everything, filesAt, filesConfig } from '#tests/support/files-dump.ts';
import { reporting } from '#tests/support/path-copy.ts';

let folder: string;
let live: string;
let tar: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hf-files-'));
  chmodSync(folder, 0o755);
  live = join(folder, 'live');
  tar = join(folder, 'plain.tar');
  mkdirSync(live);
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

const sourceOf = (place: FilesPlace) => createFilesSource(filesConfig, place);
const thrownBy = async (act: () => Promise<unknown>): Promise<AppError> => {
  const error: unknown = await act().then(
    () => 'nothing was thrown',
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(AppError);
  return error as AppError;
};
const running = (): readonly { readonly pid: number }[] =>
  childrenOf(process.pid).filter(({ argv }) => argv.includes(`--directory=${live}`));
const listed = (): string[] =>
  execFileSync('tar', ['--list', `--file=${tar}`], { encoding: 'utf8', env: { ...process.env, LC_ALL: 'C' } })
    .split('\n')
    .slice(0, -1);

/** Starts a dump and reads so little of it that tar has most of the tree still before it. */
async function begin(signal?: AbortSignal): Promise<Dump> {
  const dump = await sourceOf(filesAt(live)).dump(factsContext(signal), everything);
  await new Promise((resolve) => dump.body.once('readable', resolve));
  return dump;
}
/** More than the pipe and what reads from it hold. */
const LARGE = Buffer.alloc(4_000_000, 'x');

test('a file that somebody writes to while tar reads it is in the archive, and named', async () => {
  writeFileSync(join(live, 'a log'), LARGE);
  writeFileSync(join(live, 'ü\n'), LARGE);
  await using dump = await begin();
  appendFileSync(join(live, 'a log'), 'more');
  const bytes = await buffer(dump.body);
  expect((await dump.facts()).files).toMatchObject({
    files: 2,
    bytes: 2 * LARGE.length,
    changed: ['a log'],
    changedCount: 1,
  });
  writeFileSync(tar, bytes);
  expect(listed()).toEqual(['./', './a log', String.raw`./\303\274\n`]);
});

test('a file that is cut while tar reads it is named once, and one whose name is odd by that name', async () => {
  const odd = 'ü "\\\n';
  writeFileSync(join(live, odd), LARGE);
  await using dump = await begin();
  truncateSync(join(live, odd), 1_000);
  await buffer(dump.body);
  expect((await dump.facts()).files).toMatchObject({ bytes: LARGE.length, changed: [odd], changedCount: 1 });
});

test('a file that goes away while tar is at work is named with its folder, and the copy of the rest compares', async () => {
  writeFileSync(join(live, 'a'), LARGE);
  for (const name of ['b', 'c']) writeFileSync(join(live, name), name);
  await using dump = await begin();
  unlinkSync(join(live, 'b'));
  writeFileSync(tar, await buffer(dump.body));
  const facts = await dump.facts();
  expect(facts.files).toMatchObject({ files: 2, changed: ['b', '.'], changedCount: 2 });
  const { ctx, checks } = reporting();
  const copy = createFilesCopy(filesConfig);
  const manifest = { ...(await dumpFiles(filesAt(live), `${tar}.2`)), facts };
  await copy.fill(ctx, tar, join(folder, 'copy'), { paths: null });
  await copy.compare(ctx, join(folder, 'copy'), manifest, { paths: null });
  expect(checks).toMatchObject([
    { name: 'files', verdict: 'PASSED' },
    { name: 'content', verdict: 'PASSED' },
    { name: 'properties', verdict: 'PASSED' },
    { name: 'changed', verdict: 'UNKNOWN', isRequired: false, found: '2 paths' },
  ]);
});

test('a tree in which nothing moves names nothing', async () => {
  writeFileSync(join(live, 'a'), LARGE);
  const { facts } = await dumpFiles(filesAt(live), tar);
  expect(facts.files).toMatchObject({ changed: [], changedCount: 0 });
});

test('tar that is killed errors the body', async () => {
  writeFileSync(join(live, 'a'), LARGE);
  await using dump = await begin();
  for (const { pid } of running()) process.kill(pid, 'SIGKILL');
  const error = await thrownBy(() => buffer(dump.body));
  expect(error).toMatchObject({ code: 'tool_failed', message: 'tar was ended by SIGKILL' });
});

test('a cancel leaves no tar behind', async () => {
  writeFileSync(join(live, 'a'), LARGE);
  const stopping = new AbortController();
  await using dump = await begin(stopping.signal);
  expect(running()).toHaveLength(1);
  const reason = new AppError('cancelled', 'stop');
  stopping.abort(reason);
  expect(await thrownBy(() => buffer(dump.body))).toBe(reason);
  expect(running()).toEqual([]);
});

test('what may not be read is source_auth and named, and a look lists it', async () => {
  mkdirSync(join(live, 'open'));
  mkdirSync(join(live, 'shut'));
  writeFileSync(join(live, 'open', 'secret'), 'x', { mode: 0o600 });
  writeFileSync(join(live, 'shut', 'inside'), 'x');
  chmodSync(join(live, 'open', 'secret'), 0);
  await asNobody(async () => {
    const error = await thrownBy(() => dumpFiles(filesAt(live), join(tmpdir(), 'never')));
    expect(error).toMatchObject({ code: 'source_auth' });
    expect(error.message).toContain('./open/secret: Cannot open: Permission denied');
    expect(error.hint).toMatch(/\.$/);
  });
  chmodSync(join(live, 'shut'), 0);
  await asNobody(async () => {
    const source = sourceOf(filesAt(live));
    expect((await source.look(factsContext())).forbidden).toEqual(['open/secret', 'shut']);
    // A probe tells how much there is, and leaves it to the dump to fail.
    expect((await source.probe(factsContext())).sizeBytes).toBe(1);
    const error = await thrownBy(() => source.dump(factsContext(), everything));
    expect(error).toMatchObject({
      code: 'source_auth',
      message: `${join(live, 'shut')} may not be read by this user`,
    });
    const whole = await thrownBy(() => sourceOf(filesAt(join(live, 'shut'))).probe(factsContext()));
    expect(whole.code).toBe('source_auth');
  });
  chmodSync(join(live, 'shut'), 0o700);
});

test.each<[string, (at: string) => void, string, string]>([
  ['nothing', () => undefined, 'source_unreachable', 'there is no'],
  [
    'a link',
    (at) => {
      symlinkSync(live, at);
    },
    'config',
    'is a symbolic link',
  ],
  [
    'a pipe',
    (at) => {
      execFileSync('mkfifo', [at]);
    },
    'config',
    'is neither a folder nor a file',
  ],
])('where there is %s, probe, look and dump say so', async (_what, make, code, words) => {
  const at = join(folder, 'other');
  make(at);
  const source = sourceOf(filesAt(at));
  for (const act of [
    () => source.probe(factsContext()),
    () => source.look(factsContext()),
    () => source.dump(factsContext(), everything),
  ]) {
    const error = await thrownBy(act);
    expect(error.code).toBe(code);
    expect(error.message).toContain(words);
    expect(error.hint).toMatch(/\.$/);
  }
});

test('a chosen entry that is not there, and a choice within a file, are refused by name', async () => {
  writeFileSync(join(live, 'a'), 'a');
  const gone = await thrownBy(() => sourceOf(filesAt(live, { only: ['a', 'b'] })).probe(factsContext()));
  expect(gone).toMatchObject({
    code: 'source_unreachable',
    message: `there is no ${live}/b on this machine`,
  });
  const within = await thrownBy(() =>
    sourceOf(filesAt(join(live, 'a'), { only: ['b'] })).probe(factsContext()),
  );
  expect(within.code).toBe('config');
});

test('tables and rows are refused: files have none', async () => {
  for (const more of [{ tables: ['a'] }, { schemaOnly: true }]) {
    const error = await thrownBy(() =>
      sourceOf(filesAt(live)).dump(factsContext(), { ...everything, ...more }),
    );
    expect(error).toMatchObject({ code: 'invalid', fields: { field: Object.keys(more)[0] } });
  }
});

test('chosen entries are stored once each, and an estimate is near', async () => {
  for (const name of ['-dash', 'a', 'b']) mkdirSync(join(live, name));
  writeFileSync(join(live, 'a', 'large'), LARGE);
  writeFileSync(join(live, 'b', 'other'), LARGE);
  const place = filesAt(live, { only: ['a/large', '-dash', 'a'] });
  await using dump = await sourceOf(place).dump(factsContext(), everything);
  const bytes = await buffer(dump.body);
  writeFileSync(tar, bytes);
  expect(listed()).toEqual(['./-dash/', './a/', './a/large']);
  expect((dump.estimateBytes ?? 0) / bytes.length).toBeCloseTo(1, 1);
});

/** Names and patterns that tell apart what a pattern of tar's can mean. */
const TREE = [
  'a',
  'a.log',
  'a/b.log',
  'a/b/c.log',
  'cache/x',
  'cache/deep/y',
  'd/cache/z',
  'd/cachet',
  'e/[x]',
  'e/x',
  'e/-',
  'e/]',
  'f/1',
  'f/a',
  'f/*',
  'f/\\',
  'f/ü',
  'g.d/h',
  'G',
  '.hidden/i',
];
const PATTERNS = [
  '*.log',
  'cache',
  'cache/*',
  './cache',
  '/cache',
  'a',
  './a/*',
  'b',
  '?',
  '*',
  '[x]',
  String.raw`\[x\]`,
  'f/[0-9]',
  'f/[!0-9]',
  'f/[^a]',
  '[[:digit:]]',
  '[[:alpha:][:punct:]]',
  '[]-]',
  '[z-a]',
  '[',
  'f/[',
  String.raw`\*`,
  String.raw`f/\\`,
  'ü',
  'f/?',
  'cache/',
  'g.d',
  '.*',
  '[a-',
  'd/cache/z',
  '*/deep',
  'c*e',
  '',
];

test.each(PATTERNS.filter((pattern) => pattern !== ''))(
  'the pattern %s leaves out what it does for tar',
  async (pattern) => {
    for (const path of TREE) {
      const parts = path.split('/');
      for (let depth = 1; depth < parts.length; depth += 1) {
        const above = join(live, ...parts.slice(0, depth));
        if (statSync(above, { throwIfNoEntry: false })?.isFile() === true) unlinkSync(above);
        mkdirSync(above, { recursive: true });
      }
      if (statSync(join(live, path), { throwIfNoEntry: false }) === undefined)
        writeFileSync(join(live, path), LARGE.subarray(0, 100_000));
    }
    await using dump = await sourceOf(filesAt(live, { excludes: [pattern] })).dump(
      factsContext(),
      everything,
    );
    const bytes = await buffer(dump.body);
    // Each entry is 100 KB or a folder: one that the walk counted and tar left out, or the other way round, would show.
    expect(Math.abs((dump.estimateBytes ?? 0) - bytes.length)).toBeLessThan(66_000);
  },
);

test('a place that is left out whole is an empty archive that comes back as an empty folder', async () => {
  writeFileSync(join(live, 'a'), 'a');
  const manifest = await dumpFiles(filesAt(live, { excludes: ['*'] }), tar);
  expect(listed()).toEqual([]);
  const { ctx, checks } = reporting();
  const copy = createFilesCopy(filesConfig);
  await copy.fill(ctx, tar, join(folder, 'copy'), { paths: null });
  expect(statSync(join(folder, 'copy')).isDirectory()).toBe(true);
  await copy.compare(ctx, join(folder, 'copy'), manifest, { paths: null });
  expect(checks).toMatchObject([{ name: 'files', verdict: 'FAILED' }]);
});

test('the body is what stock tar would write', async () => {
  writeFileSync(join(live, 'a'), 'the content');
  await dumpFiles(filesAt(live), tar);
  expect(
    execFileSync('tar', ['--extract', '--to-stdout', `--file=${tar}`, './a'], { encoding: 'utf8' }),
  ).toBe('the content');
  expect(readFileSync(tar).length % 65_536).toBe(0);
});

test('fingerprints are those that docs/format.md tells how to compute', async () => {
  mkdirSync(join(live, 'sub'));
  writeFileSync(join(live, 'sub', 'note'), 'a note');
  linkSync(join(live, 'sub', 'note'), join(live, 'twin'));
  symlinkSync('sub/note', join(live, 'link'));
  const { facts } = await dumpFiles(filesAt(live), tar);
  const sumOf = (lines: readonly (readonly (string | number)[])[]): string =>
    (
      lines
        .map((parts) => createHash('sha256').update(parts.map((part) => `${String(part)}\0`).join('')))
        .map((hash) => BigInt(`0x${hash.digest('hex').slice(0, 32)}`))
        .reduce((sum, number) => sum + number, 0n) %
      2n ** 128n
    )
      .toString(16)
      .padStart(32, '0');
  const properties = ['.', 'link', 'sub', 'sub/note'].map((path) => {
    const { mode, uid, gid, mtimeMs } = lstatSync(join(live, path));
    const shownMode = path === 'link' ? '' : (mode & 0o7777).toString(8);
    return [path, shownMode, uid, gid, Math.floor(mtimeMs / 1000)];
  });
  expect(facts.files).toMatchObject({
    // By the shell commands there.
    fingerprint: '52e401c5ba8faa2b37b0760513d66b58',
    properties: sumOf(properties),
  });
});
