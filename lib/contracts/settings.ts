import { z } from 'zod';
import { SourceAddress } from './backup.ts';
import { DEFAULT_RUNBOOK_SETTINGS, RunbookSettings } from './runbook.ts';
import { DEFAULT_VERIFICATION_POLICY, VerificationPolicy } from './verification.ts';

const line = (max: number) =>
  z
    .string()
    .trim()
    .max(max)
    .regex(/^[^\u0000-\u001f\u007f\ud800-\udfff]*$/u, 'must be one line');

export const EmergencyContact = z.strictObject({
  name: line(100).min(1),
  role: line(100),
  phone: line(50),
  email: line(254),
});
export type EmergencyContact = z.infer<typeof EmergencyContact>;

/** What an admin may change at run time; all else is configuration (environment). */
export const Settings = z.strictObject({
  emergencyContacts: z.array(EmergencyContact).max(20),
  /** Recovery point objective in hours (4-ims.md: 24). */
  rpoHours: z.number().int().min(1).max(8760),
  /** Recovery time objective in minutes (4-ims.md: 60). */
  rtoMinutes: z.number().int().min(1).max(100_000),
  verification: VerificationPolicy,
  runbook: RunbookSettings,
});
export type Settings = z.infer<typeof Settings>;
export const DEFAULT_SETTINGS: Settings = {
  emergencyContacts: [],
  rpoHours: 24,
  rtoMinutes: 60,
  verification: DEFAULT_VERIFICATION_POLICY,
  runbook: DEFAULT_RUNBOOK_SETTINGS,
};

/** Names of this installation for the restore instructions: configuration, never a secret. */
export const Installation = z.object({
  /** The environment's own. */
  source: SourceAddress,
  storage: z.enum(['local', 's3']),
  localPath: z.string(),
  s3: z.object({ bucket: z.string(), region: z.string(), endpoint: z.string().nullable() }).nullable(),
  compression: z.enum(['zstd', 'gzip']),
  isEncrypted: z.boolean(),
  /** Cron expression and IANA zone. */
  schedule: z.object({ isEnabled: z.boolean(), cron: z.string(), timeZone: z.string() }),
  retention: z.object({ daily: z.number(), weekly: z.number(), monthly: z.number() }),
  manualIntervalMinutes: z.number(),
  /** How restores are proven on this installation. */
  verification: z.object({
    /** BACKUP_AGE_IDENTITY_FILE is set, so encrypted archives can be opened here. */
    hasIdentity: z.boolean(),
    hasServer: z.boolean(),
    mayUseSource: z.boolean(),
  }),
  /** Names of the commands that a restore may run, in their order; what they are stays on the server. */
  hooks: z.object({ before: z.array(z.string()), after: z.array(z.string()) }),
});
export type Installation = z.infer<typeof Installation>;

/** GET /api/v1/admin/settings. */
export const SettingsResponse = z.object({ settings: Settings, installation: Installation });
export type SettingsResponse = z.infer<typeof SettingsResponse>;
