import { describe, expect, test } from 'vitest';
import type { FileFacts } from '#lib/contracts/facts.ts';
import { compareFiles, compareKeys } from '#lib/client/compare-held.ts';
import { allKeysText, changedText, filesText, keysText } from '#lib/client/held-words.ts';

const files: FileFacts = {
  files: 1204,
  directories: 86,
  links: 0,
  others: 0,
  bytes: 3 * 1024 * 1024,
  fingerprint: 'a'.repeat(32),
  properties: 'b'.repeat(32),
  changed: [],
  changedCount: 0,
};

describe('what a backup holds', () => {
  test.each([
    [files, '1,204 files and 86 folders, 3.0 MB'],
    [{ ...files, files: 1, directories: 0 }, '1 file, 3.0 MB'],
    [{ ...files, links: 1, others: 2 }, '1,204 files, 86 folders, 1 link and 2 pipes and devices, 3.0 MB'],
  ])('of files: %#', (facts, text) => {
    expect(filesText(facts)).toBe(text);
  });

  test('of keys, with both numbers where they moved', () => {
    expect(keysText({ before: 1, after: 1 })).toBe('1 key');
    expect(keysText({ before: 1210, after: 1204 })).toBe('1,204 to 1,210 keys');
    const database = (index: number, before: number, after = before) => ({ index, before, after });
    expect(allKeysText({ databases: [] })).toBe('0 keys');
    expect(allKeysText({ databases: [database(0, 7)] })).toBe('7 keys');
    expect(allKeysText({ databases: [database(0, 7), database(3, 1, 2)] })).toBe(
      '8 to 9 keys in 2 databases',
    );
  });

  test('says how many files moved while they were read, and nothing where none did', () => {
    expect(changedText({ changedCount: 0 })).toBeNull();
    expect(changedText({ changedCount: 1 })).toMatch(/^1 file was/);
    expect(changedText({ changedCount: 1500 })).toMatch(/^1,500 files were/);
  });
});

describe('two backups without tables', () => {
  const differing = (lines: ReturnType<typeof compareFiles>) =>
    lines?.filter(({ isSame }) => !isSame).map(({ name }) => name);

  test('of files differ by number, size, content and properties', () => {
    expect(differing(compareFiles({ files }, { files }))).toEqual([]);
    const changed = { ...files, fingerprint: 'c'.repeat(32) };
    expect(differing(compareFiles({ files }, { files: changed }))).toEqual(['Names and contents']);
    // One byte is a difference, though both are shown as 3.0 MB.
    const longer = { ...files, bytes: files.bytes + 1 };
    expect(differing(compareFiles({ files }, { files: longer }))).toEqual(['Size of all files']);
    expect(compareFiles({ files }, { files: null })).toBeNull();
  });

  test('of keys are set side by side, also where a database is in one alone', () => {
    const keys = { databases: [{ index: 0, before: 3, after: 3 }] };
    const more = { databases: [...keys.databases, { index: 5, before: 1, after: 1 }] };
    expect(differing(compareKeys({ keys }, { keys: more }))).toEqual(['Database 5']);
    expect(compareKeys({ keys }, { keys: more })?.[1]).toMatchObject({ a: '0 keys', b: '1 key' });
    expect(compareKeys({ keys }, { keys: null })).toBeNull();
  });
});
