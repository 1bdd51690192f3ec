import type { Destination } from '../contracts/backup.ts';
import { RestorePlan, type Restore, type RestoreMode, type TablesInto } from '../contracts/restore.ts';

/** What the wizard offers, the calmest first. */
export const OFFERED_MODES = ['new', 'swap', 'tables', 'in-place'] as const satisfies readonly RestoreMode[];
type OfferedMode = (typeof OFFERED_MODES)[number];

export const RESTORE_STEPS = ['what', 'how', 'preview', 'confirm'] as const;
export type RestoreStep = (typeof RESTORE_STEPS)[number];

/** Every choice of the wizard, as the URL holds it; null is the default. */
export interface RestoreSearch {
  readonly mode: OfferedMode;
  readonly target: string | null;
  readonly destination: Destination | null;
  readonly schemaOnly: boolean;
  readonly noOwner: boolean;
  /** Swap only: wait for a person once the copy is proven. */
  readonly pause: boolean;
  /** Tables only: `schema.name` each, and what becomes of the live ones. */
  readonly tables: readonly string[];
  readonly into: TablesInto;
  /** Names of commands of the server. */
  readonly hooks: readonly string[];
}

const MAX_BYTES = 63;
/** PostgreSQL's limit holds for the whole name: `base` gives way, never half a character. */
function withSuffix(base: string, suffix: string): string {
  const encoder = new TextEncoder();
  const room = MAX_BYTES - encoder.encode(suffix).length;
  let cut = '';
  let used = 0;
  for (const character of base) {
    used += encoder.encode(character).length;
    if (used > room) break;
    cut += character;
  }
  return cut + suffix;
}

const pad = (value: number): string => String(value).padStart(2, '0');

/** `ims_db_restored_20261121`, of the day in the viewer's zone. */
export const suggestedName = (database: string, now: Date): string =>
  withSuffix(
    database,
    `_restored_${String(now.getFullYear())}${pad(now.getMonth() + 1)}${pad(now.getDate())}`,
  );

/** The target a search stands for while nobody typed one: a new name, or the live database where it is to be swapped. */
export const defaultTarget = (mode: RestoreMode, database: string, now: Date): string =>
  mode === 'new' ? suggestedName(database, now) : database;

interface PlanResult {
  readonly plan: RestorePlan | null;
  /** By field, in words; empty where there is a plan. */
  readonly refusals: Readonly<Partial<Record<string, string>>>;
}

/** The plan that a search stands for, or why it is none. */
export function planOf(search: RestoreSearch, database: string, now: Date): PlanResult {
  const { mode } = search;
  const target = search.target ?? defaultTarget(mode, database, now);
  if (target.trim() === '')
    return { plan: null, refusals: { targetDatabase: 'Type a name for the database.' } };
  if (mode === 'new' && target === database)
    return {
      plan: null,
      refusals: {
        targetDatabase: `“${database}” is the database in use. Choose another name, or the swap.`,
      },
    };
  if (mode === 'tables' && search.tables.length === 0)
    return { plan: null, refusals: { tables: 'Choose at least one table.' } };
  const parsed = RestorePlan.safeParse({
    mode,
    targetDatabase: target,
    ...(search.destination === null ? {} : { destination: search.destination }),
    ...(mode === 'tables' ? { tables: [...search.tables], tablesInto: search.into } : {}),
    schemaOnly: mode === 'new' && search.schemaOnly,
    noOwner: search.noOwner,
    pauseBeforeSwap: mode === 'swap' && search.pause,
    hooks: search.hooks,
  });
  if (parsed.success) return { plan: parsed.data, refusals: {} };
  return {
    plan: null,
    refusals: Object.fromEntries(
      parsed.error.issues.map(({ path, message }) => [
        String(path[0] ?? 'plan'),
        `The name ${message.replace(/^Invalid/, 'is invalid')}.`,
      ]),
    ),
  };
}

/** As a list in the address holds it: a comma parts its items. */
const listItem = (text: string): string => text.replaceAll(',', encodeURIComponent(','));

/** The wizard's address for a backup, and for the table whose rows somebody misses: of the whole, or of that table alone. */
export function newRestoreHref(
  backupId: string,
  table: string | null = null,
  what: 'whole' | 'table' = 'whole',
): string {
  const params = new URLSearchParams({
    backup: backupId,
    ...(table === null ? {} : { table }),
    ...(table === null || what === 'whole' ? {} : { mode: 'tables', tables: listItem(table) }),
  });
  return `/restores/new?${params.toString()}`;
}

/**
 * The wizard's address for the way back from a restore in place: its safety backup over the same database, with the same commands, at
 * the preview of that. Null where no safety backup was taken, or nothing was replaced.
 */
export function wayBackHref({
  mode,
  status,
  safetyBackup,
  targetDatabase,
  plan,
}: Pick<Restore, 'mode' | 'status' | 'safetyBackup' | 'targetDatabase' | 'plan'>): string | null {
  if (mode !== 'in-place' || status !== 'COMPLETED' || safetyBackup === null) return null;
  const params = new URLSearchParams({
    backup: safetyBackup.id,
    mode: 'in-place',
    target: targetDatabase,
    ...(plan.hooks.length === 0 ? {} : { hooks: plan.hooks.map(listItem).join(',') }),
    step: 'preview',
  });
  return `/restores/new?${params.toString()}`;
}
