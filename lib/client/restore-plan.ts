import type { BackupDetail, Destination } from '../contracts/backup.ts';
import {
  DatabaseName,
  RestorePlan,
  type Restore,
  type RestoreMode,
  type TablesInto,
} from '../contracts/restore.ts';
import type { SourceKind } from '../core/source-kind.ts';
import { pathFault, relativePathsFault, trimmedPath } from './typed-paths.ts';

/** What the wizard offers, the calmest first. */
export const OFFERED_MODES = ['new', 'swap', 'tables', 'in-place'] as const satisfies readonly RestoreMode[];
type OfferedMode = (typeof OFFERED_MODES)[number];
const PATH_MODES = ['new', 'swap'] as const satisfies readonly OfferedMode[];

/** Of a path only as a whole, or as a whole in place of the live one. */
export const modesOf = (kind: SourceKind): readonly OfferedMode[] =>
  kind === 'postgres' ? OFFERED_MODES : PATH_MODES;

/** The mode a search stands for: one that was chosen for a backup of another kind may not be there for this one. */
export const modeFor = (kind: SourceKind, mode: OfferedMode): OfferedMode =>
  modesOf(kind).includes(mode) ? mode : 'new';

/** What is restored: of which kind, and what it is called where it lives. */
export type RestoredSource = Pick<BackupDetail['source'], 'kind' | 'database'>;

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
  /** Of files: paths below the source's; empty for everything. */
  readonly paths: readonly string[];
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

/**
 * The target a search stands for while nobody typed one: a new name, or the live one where it is to be swapped. Which file a Redis server
 * loads it alone knows: empty.
 */
export function defaultTarget(mode: RestoreMode, { kind, database }: RestoredSource, now: Date): string {
  switch (kind) {
    case 'postgres':
      return mode === 'new' ? suggestedName(database, now) : database;
    case 'files':
    case 'sqlite':
      return mode === 'new' ? `${database}_restored` : database;
    case 'redis':
      return '';
  }
}

interface PlanResult {
  readonly plan: RestorePlan | null;
  /** By field, in words; empty where there is a plan. */
  readonly refusals: Readonly<Partial<Record<string, string>>>;
}

const refuse = (refusals: PlanResult['refusals']): PlanResult => ({ plan: null, refusals });

function parsed(input: unknown): PlanResult {
  const { success, data, error } = RestorePlan.safeParse(input);
  if (success) return { plan: data, refusals: {} };
  return refuse(
    Object.fromEntries(
      error.issues.map(({ path, message }) => [String(path[0] ?? 'plan'), `It ${message}.`]),
    ),
  );
}

function pathPlanOf(search: RestoreSearch, source: RestoredSource, now: Date): PlanResult {
  const mode = modeFor(source.kind, search.mode);
  const target = trimmedPath(search.target ?? defaultTarget(mode, source, now));
  const fault = pathFault(target);
  if (fault !== null) return refuse({ targetDatabase: fault });
  if (mode === 'new' && target === source.database)
    return refuse({ targetDatabase: `“${target}” is in use. Choose another path, or the swap.` });
  const isChosen = source.kind === 'files' && search.paths.length > 0;
  const wrong = isChosen ? relativePathsFault(search.paths.join('\n')) : null;
  if (wrong !== null) return refuse({ paths: wrong });
  return parsed({
    mode,
    targetDatabase: target,
    ...(search.destination === null ? {} : { destination: search.destination }),
    ...(isChosen ? { paths: [...search.paths] } : {}),
    pauseBeforeSwap: mode === 'swap' && search.pause,
    hooks: search.hooks,
  });
}

/** The plan that a search stands for, or why it is none. */
export function planOf(search: RestoreSearch, source: RestoredSource, now: Date): PlanResult {
  if (source.kind !== 'postgres') return pathPlanOf(search, source, now);
  const { database } = source;
  const { mode } = search;
  const target = search.target ?? defaultTarget(mode, source, now);
  if (target.trim() === '') return refuse({ targetDatabase: 'Type a name for the database.' });
  const [issue] = DatabaseName.safeParse(target).error?.issues ?? [];
  if (issue !== undefined) return refuse({ targetDatabase: `The name ${issue.message}.` });
  if (mode === 'new' && target === database)
    return refuse({
      targetDatabase: `“${database}” is the database in use. Choose another name, or the swap.`,
    });
  if (mode === 'tables' && search.tables.length === 0)
    return refuse({ tables: 'Choose at least one table.' });
  return parsed({
    mode,
    targetDatabase: target,
    ...(search.destination === null ? {} : { destination: search.destination }),
    ...(mode === 'tables' ? { tables: [...search.tables], tablesInto: search.into } : {}),
    schemaOnly: mode === 'new' && search.schemaOnly,
    noOwner: search.noOwner,
    pauseBeforeSwap: mode === 'swap' && search.pause,
    hooks: search.hooks,
  });
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
