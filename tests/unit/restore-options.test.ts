import { resolve } from 'node:path';
import { expect, test } from 'vitest';
import { HELP, readOptions } from '#scripts/restore-options.ts';

test('every flag of BR-002, and its defaults', () => {
  expect(readOptions(['x.dump'])).toEqual({
    file: resolve('x.dump'),
    fromS3: null,
    bucket: null,
    targetDatabase: null,
    noOwner: false,
    content: 'all',
    tables: null,
    identity: null,
    isDryRun: false,
    isForced: false,
    takesSafetyBackup: true,
    ignoresManifest: false,
    isVerbose: false,
  });
  const flags =
    '--target-db copy --from-s3 a/b.dump --s3-bucket b --no-owner --data-only --tables items,sales.items --identity k --dry-run --force --no-safety-backup --verbose';
  expect(readOptions(flags.split(' '))).toEqual({
    file: null,
    fromS3: 'a/b.dump',
    bucket: 'b',
    targetDatabase: 'copy',
    noOwner: true,
    content: 'data',
    tables: ['items', 'sales.items'],
    identity: resolve('k'),
    isDryRun: true,
    isForced: true,
    takesSafetyBackup: false,
    ignoresManifest: false,
    isVerbose: true,
  });
  expect(readOptions(['--help', 'x'])).toBeNull();
  for (const flag of flags.match(/--[a-z0-9-]+/g) ?? []) expect(HELP).toContain(`  ${flag} `);
});

test.each([
  [['a.dump', 'b.dump'], 'only one BACKUP_FILE can be restored at a time'],
  [['a.dump', '--from-s3', 'b'], 'give BACKUP_FILE or --from-s3, not both'],
  [['x', '--data-only', '--schema-only'], '--data-only and --schema-only exclude each other'],
  [['x', '--no-safety-backup'], '--no-safety-backup is only taken together with --force'],
  [['x', '--target-db', ''], '--target-db needs a value'],
  [[''], 'BACKUP_FILE is empty'],
  [['x', '--target-db', 'é'.repeat(32)], '--target-db is not a name PostgreSQL takes'],
  [['x', '--target-db', 'a\nb'], '--target-db is not a name PostgreSQL takes'],
  [['x', '--tables', '../x'], '"../x" is not a table name'],
])('%j is refused', (args, message) => {
  expect(() => readOptions(args)).toThrow(message);
});
