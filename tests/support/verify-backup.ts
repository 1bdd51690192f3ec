import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  DEFAULT_VERIFICATION_POLICY,
  type Check,
  type Depth,
  type Verdict,
  type VerifyOrder,
  type VerifyOutcome,
} from '#lib/contracts/verification.ts';
import { systemClock } from '#lib/core/clock.ts';
import { factsPolicyOf, makeArchive, type ArchiveRequest } from '#lib/engine/archive.ts';
import type { Config } from '#lib/platform/config.ts';
import { createLogger } from '#lib/platform/logger.ts';
import { verifyArchive } from '#lib/verify/verify-archive.ts';
import { readManifestFile, type StoredBackup } from './broken-backups.ts';

const log = createLogger('error');
const never = new AbortController().signal;

/** Takes a backup with the engine, as a worker does, into the folder that `config` names. */
export async function takeBackup(
  config: Config,
  request: Partial<ArchiveRequest> = {},
): Promise<StoredBackup> {
  const workDir = mkdtempSync(join(tmpdir(), 'hf-take-'));
  try {
    const { filename } = await makeArchive(
      config,
      {
        id: randomUUID(),
        takenAt: new Date('2026-11-21T01:00:00Z'),
        tiers: ['DAILY'],
        destinations: ['local'],
        tables: null,
        schemaOnly: false,
        description: null,
        expectedPlainBytes: null,
        factsPolicy: factsPolicyOf(DEFAULT_VERIFICATION_POLICY),
        ...request,
      },
      { writing: () => Promise.resolve(), stored: () => Promise.resolve() },
      { runId: randomUUID(), signal: never, clock: systemClock, log, workDir, progress: () => undefined },
    );
    return { folder: config.localPath, archive: filename };
  } finally {
    rmSync(workDir, { recursive: true, force: true });
  }
}

/** What the catalogue notes of a backup when it is made. */
export const noteOf = (backup: StoredBackup): NonNullable<VerifyOrder['recorded']> => {
  const { id, stored, checksum } = readManifestFile(backup);
  return { backupId: id, stored, manifestChecksum: checksum ?? null };
};

export interface Verified {
  readonly outcome: VerifyOutcome;
  readonly checks: readonly Check[];
  /** The names of the checks with this verdict. */
  named(verdict: Verdict): string[];
}

/** Verifies a backup in the folder where it lies, as the verifying process does. */
export async function verifyBackup(
  config: Config,
  backup: StoredBackup,
  depth: Depth,
  {
    recorded = null,
    policy = DEFAULT_VERIFICATION_POLICY,
  }: Partial<Pick<VerifyOrder, 'recorded' | 'policy'>> = {},
): Promise<Verified> {
  const id = randomUUID();
  const checks: Check[] = [];
  const outcome = await verifyArchive(
    { ...config, localPath: backup.folder },
    { id, destination: 'local', key: backup.archive, depth, policy, recorded },
    (event) => {
      if (event.type === 'check') checks.push(event.check);
    },
    { runId: id, signal: never, clock: systemClock, log },
  );
  return {
    outcome,
    checks,
    named: (verdict) => checks.filter((check) => check.verdict === verdict).map(({ name }) => name),
  };
}
