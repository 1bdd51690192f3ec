import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DEFAULT_VERIFICATION_POLICY } from '#lib/contracts/verification.ts';
import { systemClock } from '#lib/core/clock.ts';
import {
  factsPolicyOf,
  makeArchive,
  type ArchiveHooks,
  type ArchiveRequest,
  type ArchiveResult,
} from '#lib/engine/archive.ts';
import type { Config } from '#lib/platform/config.ts';
import { silentLog } from './loggers.ts';

/** A backup of all there is. */
export const archiveRequest = (more: Partial<ArchiveRequest> = {}): ArchiveRequest => ({
  id: randomUUID(),
  takenAt: new Date('2026-11-21T01:00:00Z'),
  tiers: ['DAILY'],
  destinations: ['local'],
  tables: null,
  schemaOnly: false,
  description: null,
  expectedPlainBytes: null,
  factsPolicy: factsPolicyOf(DEFAULT_VERIFICATION_POLICY),
  ...more,
});

export const noHooks: ArchiveHooks = { writing: () => Promise.resolve(), stored: () => Promise.resolve() };

/** Takes a backup with the engine, as a worker does, into the folder that `config` names. */
export async function takeArchive(
  config: Config,
  request: Partial<ArchiveRequest> = {},
  log = silentLog,
): Promise<ArchiveResult> {
  const workDir = mkdtempSync(join(tmpdir(), 'hf-take-'));
  try {
    return await makeArchive(config, archiveRequest(request), noHooks, {
      runId: randomUUID(),
      signal: new AbortController().signal,
      clock: systemClock,
      log,
      workDir,
      progress: () => undefined,
    });
  } finally {
    rmSync(workDir, { recursive: true, force: true });
  }
}
