import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { auditDetails, auditWords } from '#lib/client/audit-words.ts';
import type { AuditEntry } from '#lib/contracts/audit.ts';

const entry = (details: AuditEntry['details']): AuditEntry => ({
  id: 1,
  at: '2026-11-21T01:00:00.000Z',
  actorKind: 'worker',
  actorName: 'worker',
  action: 'backup.complete',
  subjectId: null,
  address: null,
  details,
});

test('details read in their units, the file first and the checksum last', () => {
  const details = entry({
    sha256: 'ab',
    sizeBytes: 4_718_592,
    durationMs: 1540,
    filename: 'x.dump',
    note: null,
  });
  expect(auditDetails(details)).toEqual([
    ['filename', 'x.dump'],
    ['size', '4.5 MB'],
    ['duration', '1.5 s'],
    ['SHA-256', 'ab'],
  ]);
});

test('an action nobody gave words shows its own name', () => {
  expect(auditWords('backup.complete')).toBe('completed a backup');
  expect(auditWords('moon.land')).toBe('moon.land');
});

test('every action that is written has words', () => {
  const root = join(import.meta.dirname, '../../..');
  const sources = ['lib/services', 'lib/engine', 'lib/auth', 'scripts', 'worker'].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts'))
      .map((name) => readFileSync(join(root, folder, name), 'utf8')),
  );
  const written = sources.flatMap((text) =>
    [
      ...text.matchAll(
        /'((?:backup|restore|verification|schedule|settings|incident|source|token|user)\.[a-z-]+)'/g,
      ),
    ]
      .map(([, action = '']) => action)
      // File names and fields that look alike.
      .filter((action) => !/\.(sh|log|cron)$/.test(action)),
  );
  expect(written).toContain('restore.swap');
  expect(written).toContain('user.sign-in');
  expect(written.filter((action) => auditWords(action) === action)).toEqual([]);
});
