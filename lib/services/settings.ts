import type { Actor } from '../core/actor.ts';
import {
  DEFAULT_SETTINGS,
  Settings,
  type Installation,
  type SettingsResponse,
} from '../contracts/settings.ts';
import type { Config } from '../platform/config.ts';
import type { Backend } from '#db/backend.ts';
import { addAuditEntry } from '#db/queries/audit.ts';
import { readSetting, writeSetting } from '#db/queries/setting.ts';

const KEY = 'console';

/** What an admin chose, over the defaults. */
export async function readSettings(backend: Backend): Promise<Settings> {
  const stored = await readSetting(backend.db, KEY);
  const parsed = Settings.safeParse({ ...DEFAULT_SETTINGS, ...(stored as object | undefined) });
  // A row from another version must not take the console down.
  return parsed.success ? parsed.data : DEFAULT_SETTINGS;
}

/** The names of this installation; no secret. */
export function describeInstallation(config: Config): Installation {
  return {
    source: {
      host: config.source.host,
      port: config.source.port,
      user: config.source.user,
      database: config.source.database,
    },
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
  };
}

export async function getSettings(backend: Backend): Promise<SettingsResponse> {
  return { settings: await readSettings(backend), installation: describeInstallation(backend.config) };
}

export async function saveSettings(
  backend: Backend,
  actor: Actor,
  input: Settings,
): Promise<SettingsResponse> {
  await backend.db.transaction(async (tx) => {
    await writeSetting(tx, KEY, input);
    await addAuditEntry(tx, actor, 'settings.change', null, {
      rpoHours: input.rpoHours,
      rtoMinutes: input.rtoMinutes,
      emergencyContacts: input.emergencyContacts.length,
    });
  });
  return getSettings(backend);
}
