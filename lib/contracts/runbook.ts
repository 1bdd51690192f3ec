import { z } from 'zod';
import { BackupRow } from './backup.ts';

/** Never renamed: incidents are kept by it. */
export const SCENARIO_IDS = [
  'database-loss',
  'server-failure',
  'redis-failure',
  'accidental-deletion',
  'corruption',
  'storage-full',
  'ransomware',
  'cluster-loss',
  'configuration-loss',
  'backup-system-failure',
] as const;
export const ScenarioId = z.enum(SCENARIO_IDS);
export type ScenarioId = z.infer<typeof ScenarioId>;

const line = (max: number) =>
  z
    .string()
    .trim()
    .max(max)
    .regex(/^[^\u0000-\u001f\u007f\ud800-\udfff]*$/u, 'must be one line');

/** What only the installation knows: each a line for a POSIX shell, or empty. Shown to people, never run by Holdfast. */
export const RunbookCommands = z.strictObject({
  stopServices: line(500),
  startServices: line(500),
  migrate: line(500),
  healthCheck: line(500),
  restartRedis: line(500),
  /** Fetches the application and installs what it needs. */
  deploy: line(500),
  /** Brings uploaded files back. */
  restoreFiles: line(500),
  /** Brings configuration and certificates back. */
  restoreConfiguration: line(500),
  /** Where the application writes its logs. */
  logFolder: line(500),
});
export type RunbookCommands = z.infer<typeof RunbookCommands>;

const Minutes = z.number().int().min(0).max(10_080);
export const EscalationLevel = z.strictObject({ afterMinutes: Minutes, whom: line(200).min(1) });
export type EscalationLevel = z.infer<typeof EscalationLevel>;
export const CommunicationStep = z.strictObject({
  afterMinutes: Minutes,
  audience: line(200).min(1),
  /** A template; it is not sent by Holdfast. */
  message: line(500).min(1),
});
export type CommunicationStep = z.infer<typeof CommunicationStep>;

export const RunbookSettings = z.strictObject({
  commands: RunbookCommands,
  /** In the order they are called. */
  escalation: z.array(EscalationLevel).max(10),
  communication: z.array(CommunicationStep).max(20),
  review: z.strictObject({ lastReviewedOn: z.iso.date().nullable(), reviewedBy: line(100) }),
});
export type RunbookSettings = z.infer<typeof RunbookSettings>;

/** A quarter (BR-010), and the longest one has 92 days. */
export const REVIEW_PERIOD_DAYS = 92;

export const DEFAULT_RUNBOOK_SETTINGS: RunbookSettings = {
  commands: {
    stopServices: '',
    startServices: '',
    migrate: 'npx prisma migrate deploy',
    healthCheck: '',
    restartRedis: 'systemctl restart redis-server',
    deploy: '',
    restoreFiles: '',
    restoreConfiguration: '',
    logFolder: '',
  },
  escalation: [],
  // 3-prodstack.md's communication plan.
  communication: [
    { afterMinutes: 0, audience: 'Team', message: 'We see a problem and have begun to look into it.' },
    { afterMinutes: 5, audience: 'Status page', message: 'Investigating: some functions may not work.' },
    {
      afterMinutes: 15,
      audience: 'Customers (email, chat)',
      message: 'There is an outage; we are working on it. The next news follows in 15 minutes.',
    },
    {
      afterMinutes: 30,
      audience: 'Customers, status page',
      message: 'Recovery has started; we expect to be back at (time).',
    },
    { afterMinutes: 120, audience: 'Status page', message: 'Restoring from backup.' },
    {
      afterMinutes: 180,
      audience: 'Customers, status page',
      message: 'Services are coming back; some functions are still limited.',
    },
    {
      afterMinutes: 240,
      audience: 'Customers, status page',
      message: 'Everything works again. What happened is being written up.',
    },
  ],
  review: { lastReviewedOn: null, reviewedBy: '' },
};

export const IncidentId = z.uuid();
export const IncidentTick = z.object({ stepId: z.string(), at: z.iso.datetime(), by: z.string() });
export type IncidentTick = z.infer<typeof IncidentTick>;
/** A scenario being worked through, or that was. */
export const Incident = z.object({
  id: IncidentId,
  scenario: ScenarioId,
  startedAt: z.iso.datetime(),
  startedBy: z.string(),
  finishedAt: z.iso.datetime().nullable(),
  finishedBy: z.string().nullable(),
  ticks: z.array(IncidentTick),
});
export type Incident = z.infer<typeof Incident>;

export const StartIncidentRequest = z.strictObject({ scenario: ScenarioId });
export type StartIncidentRequest = z.infer<typeof StartIncidentRequest>;
export const TickRequest = z.strictObject({ stepId: z.string().min(1).max(100), isDone: z.boolean() });
export type TickRequest = z.infer<typeof TickRequest>;

/** GET /api/v1/runbook: for every signed-in person, so it holds names and never a secret. */
export const RunbookResponse = z.object({
  source: z.object({ host: z.string(), port: z.number(), user: z.string(), database: z.string() }),
  localPath: z.string(),
  s3: z.object({ bucket: z.string(), region: z.string(), endpoint: z.string().nullable() }).nullable(),
  rpoHours: z.number(),
  rtoMinutes: z.number(),
  emergencyContacts: z.array(
    z.object({ name: z.string(), role: z.string(), phone: z.string(), email: z.string() }),
  ),
  settings: RunbookSettings,
  review: z.object({ dueOn: z.iso.date(), isOverdue: z.boolean() }),
  /** The newest proven backup, else the newest good one; null when there is none. */
  backup: z
    .object({
      row: BackupRow,
      isProven: z.boolean(),
      localKey: z.string().nullable(),
      s3Key: z.string().nullable(),
    })
    .nullable(),
  /** Unfinished ones first, then the newest; at most 20. */
  incidents: z.array(Incident),
});
export type RunbookResponse = z.infer<typeof RunbookResponse>;
