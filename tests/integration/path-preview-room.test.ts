import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Manifest } from '#lib/contracts/manifest.ts';
import { RestorePlan } from '#lib/contracts/restore.ts';
import { systemClock } from '#lib/core/clock.ts';
import { previewPath } from '#lib/engine/preview-path.ts';
import { parseConfig } from '#lib/platform/config.ts';
import { quietContext } from '#tests/support/storage-spec.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'hf-room-'));
  mkdirSync(join(folder, 'app'));
  writeFileSync(join(folder, 'app', '.env'), 'SECRET=1');
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** What of a manifest a preview looks at. */
const manifestOf = (bytes: number) =>
  ({
    source: { kind: 'files' },
    takenAt: new Date().toISOString(),
    options: { files: { only: null, excludes: [] } },
    plain: { bytes },
    facts: { tableCount: 0, files: { files: 1, directories: 1, bytes } },
  }) as unknown as Manifest;

const roomFor = async (bytes: number, plan: object) => {
  const { findings, sizeBytes } = await previewPath(
    parseConfig({ HOLDFAST_DATA_DIR: join(folder, 'data') }),
    RestorePlan.parse({ mode: 'swap', targetDatabase: join(folder, 'app'), ...plan }),
    manifestOf(bytes),
    { ...quietContext(), clock: systemClock },
  );
  return { disk: findings.find(({ name }) => name === 'disk')?.state, sizeBytes };
};

test('a backup that does not fit is refused; entries of it are not, for only the archive tells what they take', async () => {
  expect(await roomFor(1000, {})).toEqual({ disk: 'OK', sizeBytes: 1000 });
  expect(await roomFor(1e18, {})).toEqual({ disk: 'BLOCKED', sizeBytes: 1e18 });
  expect(await roomFor(1000, { paths: ['.env'] })).toEqual({ disk: 'OK', sizeBytes: null });
  expect(await roomFor(1e18, { paths: ['.env'] })).toEqual({ disk: 'UNKNOWN', sizeBytes: null });
});
