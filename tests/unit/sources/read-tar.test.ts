import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  linkSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readTar, type TarMember } from '#lib/sources/files/read-tar.ts';

let folder: string;
const long = 'l'.repeat(180);
const content = Buffer.from(Array.from({ length: 5_000 }, (_, index) => index % 251));
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'hf-tar-'));
  const tree = join(folder, 'tree');
  mkdirSync(join(tree, long), { recursive: true });
  writeFileSync(join(tree, long, long), content, { mode: 0o640 });
  utimesSync(join(tree, long, long), 1, new Date(-1_500));
  writeFileSync(join(tree, 'empty'), '');
  linkSync(join(tree, long, long), join(tree, 'z'));
  symlinkSync(`${long}/${long}`, join(tree, 'link'));
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

const make = (...args: string[]): Buffer =>
  execFileSync(
    'tar',
    [
      '--create',
      '--sort=name',
      '--numeric-owner',
      ...args,
      `--directory=${join(folder, 'tree')}`,
      '--file=-',
      '.',
    ],
    { maxBuffer: 1e8 },
  );

function read(archive: Buffer, chunkBytes = archive.length, isSkipping = false): TarMember[] {
  const members: TarMember[] = [];
  const reading = readTar({ tell: (member) => members.push(member), needsHash: () => !isSkipping });
  for (let at = 0; at < archive.length;) {
    // A chunk that is written over afterwards, as buffers of pipes are.
    const chunk = Buffer.from(archive.subarray(at, at + chunkBytes));
    reading.feed(chunk);
    chunk.fill(0xff);
    at += chunkBytes + (isSkipping ? reading.skip() : 0);
  }
  reading.end();
  return members;
}

test.each(['posix', 'gnu'])('members of an archive of format %s are what was stored', (format) => {
  const members = read(make(`--format=${format}`));
  expect(members.map(({ path, kind, sizeBytes, target }) => [path, kind, sizeBytes, target])).toEqual([
    ['.', 'directory', 0, ''],
    ['empty', 'file', 0, ''],
    ['link', 'symlink', 0, `${long}/${long}`],
    [long, 'directory', 0, ''],
    [`${long}/${long}`, 'file', 5_000, ''],
    ['z', 'hardlink', 0, `${long}/${long}`],
  ]);
  expect(members[4]).toMatchObject({
    name: `./${long}/${long}`,
    mode: 0o640,
    mtime: -2n,
    sha256: createHash('sha256').update(content).digest('hex'),
  });
});

test('in whatever pieces an archive comes, its members are the same', () => {
  const archive = make('--format=posix');
  const members = read(archive);
  for (const bytes of [1, 7, 511, 512, 513, 4_096, 10_000]) expect(read(archive, bytes)).toEqual(members);
});

test('contents that nobody needs may be left out', () => {
  const archive = make('--format=posix');
  const members = read(archive).map((member) => ({ ...member, sha256: '' }));
  for (const bytes of [64, 512, 700, 100_000]) expect(read(archive, bytes, true)).toEqual(members);
});

test('an archive that is cut anywhere, or whose headers are damaged, is refused', () => {
  const archive = make('--format=posix');
  const end = archive.lastIndexOf('ustar') - 257 + 512;
  for (let at = 0; at < end; at += 256)
    expect(() => read(archive.subarray(0, at))).toThrow(expect.objectContaining({ code: 'restore_failed' }));
  for (const at of [0, 101, 130, 156]) {
    const damaged = Buffer.from(archive);
    damaged[at] = (damaged[at] ?? 0) ^ 1;
    expect(() => read(damaged)).toThrow(/checksum/);
  }
});

test('a member with holes is refused: what it holds could not be told', () => {
  truncateSync(join(folder, 'tree', 'empty'), 1_000_000);
  try {
    expect(() => read(make('--format=posix', '--sparse'))).toThrow(/holes/);
    expect(() => read(make('--format=gnu', '--sparse'))).toThrow(/kind/);
    expect(read(make('--format=posix'))[1]).toMatchObject({ sizeBytes: 1_000_000 });
  } finally {
    truncateSync(join(folder, 'tree', 'empty'), 0);
  }
});
