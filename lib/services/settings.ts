import type { Actor } from '../core/actor.ts';
import type { SourceAddress } from '../contracts/backup.ts';
import type { Installation, Settings, SettingsResponse } from '../contracts/settings.ts';
import type { Config } from '../platform/config.ts';
import type { Backend } from '#db/backend.ts';
import { addAuditEntry } from '#db/queries/audit.ts';
import { readConsoleSettings, writeConsoleSettings } from '#db/queries/setting.ts';

/** Where the source of this configuration is; no secret. */
export const addressOf = ({ source: { host, port, user, database } }: Config): SourceAddress => ({
  host,
  port,
  user,
  database,
});

/** The names of this installation; no secret. */
export function describeInstallation(config: Config): Installation {
  return {
    source: addressOf(config),
    storage: config.storage,
    localPath: config.localPath,
    s3:
      config.s3 === null
        ? null
        : { bucket: config.s3.bucket, region: config.s3.region, endpoint: config.s3.endpoint },
    compression: config.compression,
    isEncrypted: config.ageRecipients.length > 0,
    schedule: { ...config.schedule },
    retention: { ...config.retention },
    manualIntervalMinutes: config.manualIntervalMinutes,
    verification: {
      hasIdentity: config.ageIdentityFile !== null,
      hasServer: config.verify.server !== null,
      mayUseSource: config.verify.mayUseSource,
    },
    hooks: {
      before: config.hooks.before.map(({ name }) => name),
      after: config.hooks.after.map(({ name }) => name),
    },
  };
}

export async function getSettings(backend: Backend): Promise<SettingsResponse> {
  return {
    settings: await readConsoleSettings(backend.db),
    installation: describeInstallation(backend.config),
  };
}

export async function saveSettings(
  backend: Backend,
  actor: Actor,
  input: Settings,
): Promise<SettingsResponse> {
  await backend.db.transaction(async (tx) => {
    await writeConsoleSettings(tx, input);
    await addAuditEntry(tx, actor, 'settings.change', null, {
      rpoHours: input.rpoHours,
      rtoMinutes: input.rtoMinutes,
      emergencyContacts: input.emergencyContacts.length,
      runbookReviewedOn: input.runbook.review.lastReviewedOn,
      runbookReviewedBy: input.runbook.review.reviewedBy,
      ...input.verification,
      // The names only: what the statements hold is the application's own business.
      sqlChecks: input.verification.sqlChecks.map(({ name }) => name),
    });
  });
  return getSettings(backend);
}
