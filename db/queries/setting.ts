import { eq, sql } from 'drizzle-orm';
import { DEFAULT_SETTINGS, Settings } from '../../lib/contracts/settings.ts';
import { VerificationPolicy } from '../../lib/contracts/verification.ts';
import type { Db, Tx } from '../client.ts';
import { settings } from '../schema/setting.ts';
import { sources } from '../schema/source.ts';

async function readSetting(db: Db | Tx, key: string): Promise<unknown> {
  const [row] = await db.select({ value: settings.value }).from(settings).where(eq(settings.key, key));
  return row?.value;
}

async function writeSetting(tx: Tx, key: string, value: object): Promise<void> {
  await tx
    .insert(settings)
    .values({ key, value })
    .onConflictDoUpdate({ target: settings.key, set: { value, updatedAt: sql`now()` } });
}

const CONSOLE_KEY = 'console';

/** What an admin chose, over the defaults. */
export async function readConsoleSettings(db: Db | Tx): Promise<Settings> {
  const stored = (await readSetting(db, CONSOLE_KEY)) as Partial<Settings> | undefined;
  const parsed = Settings.safeParse({
    ...DEFAULT_SETTINGS,
    ...stored,
    verification: { ...DEFAULT_SETTINGS.verification, ...stored?.verification },
  });
  // A row from another version must not take the console down.
  return parsed.success ? parsed.data : DEFAULT_SETTINGS;
}

/** What is verified of a source and how: its own policy, else that of the settings. */
export async function readVerificationPolicy(db: Db | Tx, sourceId: string): Promise<VerificationPolicy> {
  const { verification } = await readConsoleSettings(db);
  const [row] = await db.select({ own: sources.verification }).from(sources).where(eq(sources.id, sourceId));
  if (row?.own == null) return verification;
  // One of another version lacks what was added since.
  const parsed = VerificationPolicy.safeParse({ ...verification, ...row.own });
  return parsed.success ? parsed.data : verification;
}

export async function writeConsoleSettings(tx: Tx, settings: Settings): Promise<void> {
  await writeSetting(tx, CONSOLE_KEY, settings);
}
