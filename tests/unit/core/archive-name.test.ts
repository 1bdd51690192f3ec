import { expect, test } from 'vitest';
import { archiveFilename, localKey, remoteKey } from '#lib/core/archive-name.ts';

const at = new Date('2026-11-21T01:00:59.999Z');

test.each([
  [1, { compression: 'gzip', isEncrypted: false }, 'ims_backup_2026-11-21_01-00.dump'],
  [2, { compression: 'zstd', isEncrypted: false }, 'ims_backup_2026-11-21_01-00-2.dump.zst'],
  [3, { compression: 'zstd', isEncrypted: true }, 'ims_backup_2026-11-21_01-00-3.dump.zst.age'],
  [1, { compression: 'gzip', isGzipped: true, isEncrypted: true }, 'ims_backup_2026-11-21_01-00.dump.gz.age'],
] as const)('suffix %i, layers %o make %s', (suffix, layers, expected) => {
  expect(archiveFilename('ims_backup', at, suffix, { kind: 'postgres', ...layers })).toBe(expected);
});

test.each([
  [{ kind: 'files', compression: 'zstd', isEncrypted: true }, 'x_2026-11-21_01-00.tar.zst.age'],
  [{ kind: 'files', compression: 'gzip', isEncrypted: false }, 'x_2026-11-21_01-00.tar.gz'],
  [{ kind: 'sqlite', compression: 'zstd', isEncrypted: false }, 'x_2026-11-21_01-00.sqlite.zst'],
  [{ kind: 'redis', compression: 'gzip', isEncrypted: false }, 'x_2026-11-21_01-00.rdb.gz'],
] as const)('%o make %s', (layers, expected) => {
  expect(archiveFilename('x', at, 1, layers)).toBe(expected);
});

test('keys: by tier and day remotely, flat locally', () => {
  expect(remoteKey('DAILY', at, 'x.dump')).toBe('backups/daily/2026-11-21/x.dump');
  expect(localKey('x.dump')).toBe('x.dump');
});
