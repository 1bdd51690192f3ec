import { describe, expect, test } from 'vitest';
import { takesPath } from '#lib/sources/files/select-files.ts';

const KEPT = '/srv/app/uploads_before_20261129100000';

describe('whether a source of files takes what lies at a path', () => {
  test.each([
    ['itself', KEPT, null, [], true],
    ['what it lies in', '/srv', null, [], true],
    ['a part of it', `${KEPT}/2026`, null, [], true],
    ['what lies beside it', '/srv/app/uploads', null, [], false],
    ['what begins alike', KEPT.slice(0, -1), null, [], false],
    ['chosen entries, it among them', '/srv', ['app'], [], true],
    ['chosen entries, a part of it among them', '/srv/app', [`${KEPT.slice(9)}/2026`], [], true],
    ['chosen entries that begin alike', '/srv/app', ['uploads'], [], false],
    ['all but what is left out', '/srv', null, ['*_before_*'], false],
    ['all but something else', '/srv', null, ['uploads'], true],
  ])('%s', (_, path, only, excludes, takes) => {
    expect(takesPath({ kind: 'files', path, only, excludes }, KEPT)).toBe(takes);
  });
});
