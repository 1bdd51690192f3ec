import type { BackupRow } from '../contracts/backup.ts';
import type {
  EnvironmentKind,
  Restore,
  RestoreMode,
  RestorePhase,
  RestorePreview,
  TablesInto,
} from '../contracts/restore.ts';
import { checkTitle } from './check-words.ts';
import { aboutDuration, checkDuration } from './durations.ts';
import type { ReportVerdict } from './report-verdict.ts';

export const modeWord: Record<RestoreMode, string> = {
  new: 'Into a new database',
  swap: 'Swap with the live database',
  'in-place': 'Over the live database',
  tables: 'Some tables',
};
export const modeShows: Record<RestoreMode, string> = {
  new: 'Creates a database beside the others, fills it from the backup and compares it. For looking at, for copying rows out of, or for a rehearsal.',
  swap: 'Restores into a new database and compares it first. Only then the two exchange their names, in a moment. For bringing the application back.',
  'in-place':
    'Takes a safety backup, then drops what is in the backup from the live database and restores it there, in one transaction. Applications wait meanwhile, and nothing can be looked at first. Choose the swap where the server has room for a second copy.',
  tables:
    'Brings only the tables you choose into the live database: beside the live rows to look at, in their place, or only the rows that are missing. All in one transaction.',
};
/** What each mode leaves alone: said before anybody has to ask. */
export const modeKeeps: Record<RestoreMode, string> = {
  new: 'Not touched: the database in use, its rows and its connections.',
  swap: 'Not touched: the database in use goes on until the swap. Then it is kept whole under another name, and the swap can be undone.',
  'in-place':
    'Not touched: other databases of the server, and what is not in the backup. What is replaced stays in the safety backup only.',
  tables: 'Not touched: every other table. Rows that are replaced are kept in a schema of their own.',
};

/** What becomes of the live rows of chosen tables. */
export const intoWord: Record<TablesInto, string> = {
  'side-schema': 'Beside the live rows, to look at',
  replace: 'In place of the live rows',
  append: 'Only the rows that are missing',
};
export const intoShows: Record<TablesInto, string> = {
  'side-schema': 'The tables come into a schema of their own in the live database. No live table is touched.',
  replace:
    'The live rows are taken out and kept in a schema of their own, and those of the backup come in. Nothing changes unless every row arrived and every foreign key holds.',
  append:
    'Rows whose key is not there any more are added. Live rows stay as they are, also those that have changed since.',
};

export const restorePhaseWord: Record<RestorePhase, string> = {
  queued: 'Waiting for a worker',
  preparing: 'Looking at the server',
  'safety-backup': 'Taking a safety backup',
  decoding: 'Reading and checking the backup',
  restoring: 'Restoring',
  comparing: 'Comparing the copy with the manifest',
  ready: 'Waiting for you',
  hooks: 'Running commands of the server',
  swapping: 'Swapping the databases',
  finishing: 'Finishing',
};

export const environmentWord: Record<EnvironmentKind, string> = {
  production: 'Production',
  staging: 'Staging',
  development: 'Development',
};

export const findingWord: Record<RestorePreview['findings'][number]['state'], string> = {
  BLOCKED: 'Stops this restore',
  UNKNOWN: 'Not known',
  WARNING: 'Know this first',
  OK: 'Fine',
};

const findingTitles: Readonly<Record<string, string>> = {
  age: 'Age of the backup',
  changed: 'Changed since the backup',
  folder: 'Folder it comes into',
  'left-out': 'Left out of the backup',
  link: 'Symbolic link',
  mount: 'Mounted file system',
  open: 'What has it open',
  owner: 'Owner',
  connections: 'Connected clients',
  columns: 'Columns',
  createdb: 'Right to create databases',
  'decode-disk': 'Disk space of the worker',
  disconnect: 'Right to disconnect clients',
  disk: 'Disk space where it goes',
  grants: 'Owners and grants',
  guard: 'Protection',
  holds: 'What holds the database',
  hooks: 'Commands of the server',
  key: 'Key to the archive',
  locks: 'Who has to wait',
  'missing-tables': 'Tables that are not there',
  mode: 'How it comes back',
  proof: 'Proof of the backup',
  'row-key': 'Key of the rows',
  'row-security': 'Row security',
  tables: 'Chosen tables',
  target: 'Target',
  tools: 'Programs',
  version: 'PostgreSQL version',
  whole: 'Whole database',
};
/** A finding's name for people. */
export const findingTitle = (name: string): string => findingTitles[name] ?? checkTitle(name);

export type Outcome = Pick<
  Restore,
  | 'status'
  | 'mode'
  | 'targetDatabase'
  | 'copyDatabase'
  | 'progress'
  | 'proven'
  | 'swap'
  | 'safetyBackup'
  | 'sideSchema'
  | 'tablesUndo'
  | 'plan'
  | 'error'
  | 'checks'
>;

/**
 * How a restore stands, for a list: `ready` waits for a person, `undone` was exchanged and exchanged back, `put-back` replaced rows
 * that are back.
 */
export type RestoreLookOf =
  'running' | 'ready' | 'done' | 'swapped' | 'undone' | 'put-back' | 'cancelled' | 'failed';
export function restoreLookOf({
  status,
  progress,
  swap,
  tablesUndo,
  error,
}: Pick<Outcome, 'status' | 'progress' | 'swap' | 'tablesUndo' | 'error'>): RestoreLookOf {
  if (status === 'IN_PROGRESS') return progress?.phase === 'ready' ? 'ready' : 'running';
  if (status === 'FAILED') return error?.code === 'cancelled' ? 'cancelled' : 'failed';
  if (tablesUndo !== null && tablesUndo.undoneAt !== null) return 'put-back';
  if (swap === null) return 'done';
  return swap.undoneAt === null ? 'swapped' : 'undone';
}
export const restoreLookWord: Record<RestoreLookOf, string> = {
  running: 'In progress',
  ready: 'Ready to swap',
  done: 'Restored',
  swapped: 'Swapped in',
  undone: 'Swapped back',
  'put-back': 'Undone',
  cancelled: 'Cancelled',
  failed: 'Failed',
};

/** `780 ms`, `1.4 s`: how long connections were refused; null where a crash kept it from being measured. */
export function interruptionText(ms: number | null): string {
  if (ms === null) return 'a time that could not be measured';
  return ms < 1 ? 'less than 1 ms' : checkDuration(ms);
}

export const NOT_ALL_COMPARED =
  'Not everything could be compared with the manifest: read the checks below before you rely on it.';
const compared = (proven: boolean): string =>
  proven
    ? 'Every table, row count and object was compared with the manifest and found equal.'
    : NOT_ALL_COMPARED;

/** Why nothing was lost although it did not end well. */
function unharmed({ mode, targetDatabase, swap }: Outcome): string {
  if (swap !== null)
    return swap.undoneAt === null
      ? `“${targetDatabase}” is the restored copy now; the database before it is kept whole as “${swap.keptDatabase}”.`
      : `“${targetDatabase}” is the database it was before this restore.`;
  if (mode === 'new') return 'The database in use was not touched.';
  if (mode === 'swap') return `“${targetDatabase}” was not touched: it is as it was before.`;
  if (mode === 'tables')
    return `All tables came back in one transaction or not at all: “${targetDatabase}” is as it was before.`;
  return `It comes back in one transaction or not at all: “${targetDatabase}” is as it was before, unless the reason given below says otherwise.`;
}

/** Until here nothing is touched in place. */
const BEFORE_IN_PLACE: ReadonlySet<RestorePhase> = new Set([
  'queued',
  'preparing',
  'decoding',
  'safety-backup',
]);

/** What ran afterwards and failed; the restore itself is done. */
export function failedCommands({ checks }: Outcome): readonly string[] {
  const names = checks
    .filter(({ name, verdict }) => name.startsWith('hook:') && verdict !== 'PASSED')
    .map(({ name }) => name.slice('hook:'.length));
  return names.length === 0
    ? []
    : [`Of the commands of the server ${names.join(', ')} did not succeed: the log below says why.`];
}

/** A copy waits for a person; `held` tells what was compared, `next` what stands and what to do. */
export const readyVerdict = (
  { targetDatabase, copyDatabase }: Outcome,
  held: string,
  next: string,
): ReportVerdict => ({
  state: 'OK',
  word: 'Ready',
  sentence: 'The copy is ready. Nothing has been swapped yet.',
  lines: [
    `It stands beside “${targetDatabase}”${copyDatabase === null ? '' : ` as “${copyDatabase}”`}. ${held}`,
    next,
  ],
});

/** It was cancelled, interrupted, or did not succeed; `unharmed` tells why nothing was lost. */
export const unfinishedVerdict = (restore: Outcome, unharmed: string): ReportVerdict =>
  restoreLookOf(restore) === 'cancelled'
    ? {
        state: 'WARNING',
        word: 'Cancelled',
        sentence: 'This restore was cancelled.',
        lines: [unharmed],
      }
    : {
        state: 'CRITICAL',
        word: 'Failed',
        sentence:
          restore.error?.code === 'interrupted'
            ? 'This restore was interrupted.'
            : 'This restore did not succeed.',
        lines: [unharmed],
      };

/** What was live before is live again, in `sentence`'s words. */
export function swappedBackVerdict(restore: Outcome, sentence: string): ReportVerdict {
  const { copyDatabase } = restore;
  const commands = failedCommands(restore);
  return {
    state: commands.length === 0 ? 'OK' : 'WARNING',
    word: 'Swapped back',
    sentence,
    lines: [
      copyDatabase === null
        ? 'The restored copy is kept.'
        : `The restored copy is kept as “${copyDatabase}”.`,
      ...commands,
    ],
  };
}

function runningVerdict(restore: Outcome): ReportVerdict {
  const { targetDatabase, progress, swap, mode, proven } = restore;
  const phase = progress?.phase ?? 'queued';
  if (phase === 'ready') {
    return readyVerdict(
      restore,
      compared(proven),
      `The application still uses “${targetDatabase}” as it was. Look at the copy, then swap it in or give it up.`,
    );
  }
  const isExchange = phase === 'swapping' || phase === 'hooks';
  const isReplacing = mode === 'in-place' && !BEFORE_IN_PLACE.has(phase);
  const untouched =
    isReplacing || (isExchange && mode === 'swap') || swap !== null
      ? isReplacing
        ? `“${targetDatabase}” is being restored; do not use it until this has ended.`
        : 'Applications lose their connections for a moment and can reconnect at once. Both databases stay whole.'
      : mode === 'new'
        ? 'The database in use is not touched.'
        : mode === 'tables' && phase === 'finishing'
          ? `“${targetDatabase}” stays in use; who wants to write to the chosen tables waits until the rows are in.`
          : `“${targetDatabase}” stays in use and is not touched meanwhile.`;
  return {
    state: 'RUNNING',
    word: 'In progress',
    sentence: `${restorePhaseWord[phase]}.`,
    lines: [untouched, 'It goes on without this page: you can close it and come back.'],
  };
}

/** How a restore ended, in words for somebody who has no time: what is where now, and what was not touched. */
export function restoreVerdict(restore: Outcome): ReportVerdict {
  const { targetDatabase, mode, proven, swap, error, safetyBackup } = restore;
  switch (restoreLookOf(restore)) {
    case 'running':
    case 'ready':
      return runningVerdict(restore);
    case 'cancelled':
    case 'failed':
      return unfinishedVerdict(restore, unharmed(restore));
    case 'swapped':
      return {
        state: proven && error === null && failedCommands(restore).length === 0 ? 'OK' : 'WARNING',
        word: 'Swapped in',
        sentence: `“${targetDatabase}” is the restored database now.`,
        lines: [
          `The database before it is kept whole as “${swap?.keptDatabase ?? ''}”. Connections were interrupted for ${interruptionText(swap?.interruptionMs ?? null)}.`,
          compared(proven),
          ...failedCommands(restore),
        ],
      };
    case 'undone':
      return swappedBackVerdict(
        restore,
        `“${targetDatabase}” is again the database it was before this restore.`,
      );
    case 'put-back':
      return {
        state: failedCommands(restore).length === 0 ? 'OK' : 'WARNING',
        word: 'Undone',
        sentence: `The rows from before this restore are back in “${targetDatabase}”.`,
        lines: [
          `The rows that stood there until then, the restored ones among them, are in the schema “${restore.sideSchema ?? ''}” until you drop it.`,
          'Other tables were not touched.',
          ...failedCommands(restore),
        ],
      };
    default:
      return {
        state: proven && error === null && failedCommands(restore).length === 0 ? 'OK' : 'WARNING',
        word: 'Restored',
        sentence:
          mode === 'tables'
            ? restore.plan.tablesInto === 'side-schema'
              ? `The tables of the backup stand in “${targetDatabase}”, beside the live ones.`
              : `The tables are back in “${targetDatabase}”.`
            : `The backup stands in “${targetDatabase}”.`,
        lines: [
          mode === 'tables' ? broughtLine(restore) : compared(proven),
          mode === 'new'
            ? 'The database in use was not touched.'
            : mode === 'tables'
              ? 'Other tables were not touched.'
              : 'Other databases were not touched.',
          ...(safetyBackup === null
            ? []
            : [
                `What was there before is in ${safetyBackup.filename}: restoring that backup is the way back.`,
              ]),
          ...failedCommands(restore),
        ],
      };
  }
}

/** Where rows are that somebody may want, and what they are for. */
function broughtLine({ plan, sideSchema }: Outcome): string {
  const where = `the schema “${sideSchema ?? ''}”`;
  const held = 'Every row was counted and compared with the manifest before it came in.';
  switch (plan.tablesInto) {
    case 'replace':
      return `${held} The rows from before are kept in ${where} until you drop it.`;
    case 'append':
      return `${held} The keys of the rows that were added are in ${where}.`;
    default:
      return `${held} They are in ${where} until you drop it.`;
  }
}

/** The phases of a restore in their order, for showing what is behind and what is to come. */
export function phasesOf({ mode, plan }: Pick<Restore, 'mode' | 'plan'>): readonly RestorePhase[] {
  const isSwap = mode === 'swap';
  const isInPlace = mode === 'in-place';
  const hooks = plan.hooks.length > 0 ? (['hooks'] as const) : [];
  return [
    'preparing',
    'decoding',
    ...(isInPlace ? (['safety-backup', ...hooks] as const) : []),
    'restoring',
    'comparing',
    ...(isSwap && plan.pauseBeforeSwap ? (['ready'] as const) : []),
    ...(isInPlace ? [] : hooks),
    ...(isSwap ? (['swapping'] as const) : []),
    'finishing',
  ];
}

const ORDER = { BLOCKED: 0, UNKNOWN: 1, WARNING: 2, OK: 3 } as const;
/** What stops it first, what is fine last; within a state as the worker looked. */
export const sortFindings = (findings: RestorePreview['findings']): RestorePreview['findings'] =>
  findings.toSorted((a, b) => ORDER[a.state] - ORDER[b.state]);

/** The preview in one sentence. */
export function previewSentence({ canStart, findings, estimatedSeconds }: RestorePreview): string {
  const stops = findings.filter(({ state }) => state === 'BLOCKED').length;
  if (!canStart || stops > 0)
    return stops > 1
      ? `${String(stops)} things stop this restore. Nothing was changed.`
      : 'Something stops this restore. Nothing was changed.';
  const takes =
    estimatedSeconds === null
      ? 'How long a backup of this size takes was never measured here.'
      : `It takes about ${aboutDuration(estimatedSeconds * 1_000)}.`;
  const open = findings.filter(({ state }) => state === 'WARNING' || state === 'UNKNOWN').length;
  if (open === 0) return `Nothing stands in the way. ${takes}`;
  return `It can start; ${open === 1 ? 'one thing is' : `${String(open)} things are`} worth knowing first. ${takes}`;
}

/** Why this backup cannot be restored at all; null when it can. */
export function whyNotRestorable({ status }: Pick<BackupRow, 'status'>): string | null {
  switch (status) {
    case 'COMPLETED':
      return null;
    case 'IN_PROGRESS':
      return 'It is still being taken.';
    case 'FAILED':
      return 'This run failed and holds nothing that could be restored.';
    default:
      return 'Its archive was removed and cannot be read any more.';
  }
}
