import { randomUUID } from 'node:crypto';
import { DEFAULT_VERIFICATION_POLICY } from '#lib/contracts/verification.ts';
import type { RunContext } from '#lib/core/run-context.ts';
import { factsPolicyOf, makeArchive } from '#lib/engine/archive.ts';
import { safetyConfig } from '#lib/engine/safety-backup.ts';
import type { Config } from '#lib/platform/config.ts';
import { recordBackup } from './backup-record.ts';

const noHooks = { writing: () => Promise.resolve(), stored: () => Promise.resolve() };

/**
 * Backs up the whole of `database` beside the other archives, before something is restored over it, and returns the path. The
 * console lists it where it is the database that this installation protects.
 */
export async function takeSafetyBackup(config: Config, database: string, ctx: RunContext): Promise<string> {
  const id = randomUUID();
  const takenAt = ctx.clock.now();
  const own = safetyConfig(config, database);
  const description = `before a restore into ${database}`;
  const result = await makeArchive(
    own,
    {
      id,
      takenAt,
      tiers: ['MANUAL'],
      destinations: ['local'],
      tables: null,
      schemaOnly: false,
      description,
      expectedPlainBytes: null,
      factsPolicy: factsPolicyOf(DEFAULT_VERIFICATION_POLICY),
    },
    noHooks,
    ctx,
  );
  if (database === config.source.database && config.databaseUrl !== null) {
    await recordBackup(
      config,
      {
        id,
        takenAt,
        tiers: ['MANUAL'],
        destinations: ['local'],
        tables: null,
        schemaOnly: false,
        localPath: config.localPath,
        isOwnBucket: true,
        requestedBy: 'restore.sh',
        description,
      },
      { result, copies: result.copies },
    );
  }
  return result.storagePath;
}
