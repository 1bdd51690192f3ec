import { randomUUID } from 'node:crypto';
import {
  DEFAULT_VERIFICATION_POLICY,
  type Check,
  type Depth,
  type Verdict,
  type VerifyOrder,
  type VerifyOutcome,
} from '#lib/contracts/verification.ts';
import { systemClock } from '#lib/core/clock.ts';
import type { ArchiveRequest } from '#lib/engine/archive.ts';
import type { Config } from '#lib/platform/config.ts';
import { createLogger } from '#lib/platform/logger.ts';
import { verifyArchive } from '#lib/verify/verify-archive.ts';
import { readManifestFile, type StoredBackup } from './broken-backups.ts';
import { takeArchive } from './take-archive.ts';

const log = createLogger('error');
const never = new AbortController().signal;

/** Takes a backup with the engine, as a worker does, into the folder that `config` names. */
export async function takeBackup(
  config: Config,
  request: Partial<ArchiveRequest> = {},
): Promise<StoredBackup> {
  const { filename } = await takeArchive(config, request);
  return { folder: config.localPath, archive: filename };
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
