import type { RestoreMode, RestorePhase } from '../contracts/restore.ts';
import type { SourceKind } from '../core/source-kind.ts';
import { modeKeeps, modeShows, modeWord, restorePhaseWord } from './restore-words.ts';

/** Whatever is restored to a path. */
export type PathKind = Exclude<SourceKind, 'postgres'>;
/** A path comes back in two ways; no other mode reaches one. */
type PathMode = 'new' | 'swap';
const pathMode = (mode: RestoreMode): PathMode => (mode === 'swap' ? 'swap' : 'new');

const pathModeWord: Record<PathMode, string> = {
  new: 'To a new path',
  swap: 'Swap with what is live',
};
const made: Record<PathKind, string> = {
  files: 'Unpacks the files beside those in use and compares them.',
  sqlite: 'Writes the database to a new file and compares it.',
  redis: 'Writes the snapshot to a new file and compares it.',
};
const exchanged: Record<PathKind, string> = {
  files: 'A program that has a file open goes on with the old one until it opens it again.',
  sqlite: 'Stop the application for it: what has the file open would go on with the old one.',
  redis: 'Stop the server before: it reads its file when it starts, and writes over it when it stops.',
};
const pathModeShows = (mode: PathMode, kind: PathKind): string =>
  mode === 'new'
    ? `${made[kind]} For looking at, for taking out what you need, or for a rehearsal.`
    : `Restores beside the live path and compares first. Only then the two exchange their names, in a moment. ${exchanged[kind]}`;
const pathModeKeeps: Record<PathMode, string> = {
  new: 'Not touched: what is in use. Nothing is written outside of the new path.',
  swap: 'Not touched: what is in use stays as it is until the swap. Then it is kept under another name, and the swap can be undone.',
};

export const modeWordOf = (kind: SourceKind, mode: RestoreMode): string =>
  kind === 'postgres' ? modeWord[mode] : pathModeWord[pathMode(mode)];
export const modeShowsOf = (kind: SourceKind, mode: RestoreMode): string =>
  kind === 'postgres' ? modeShows[mode] : pathModeShows(pathMode(mode), kind);
/** What each mode leaves alone. */
export const modeKeepsOf = (kind: SourceKind, mode: RestoreMode): string =>
  kind === 'postgres' ? modeKeeps[mode] : pathModeKeeps[pathMode(mode)];

const targetLabel: Record<RestoreMode, string> = {
  new: 'Name of the new database',
  swap: 'The live database it is swapped with',
  'in-place': 'The live database that is restored over',
  tables: 'The live database they come into',
};
const targetHelp: Record<RestoreMode, string> = {
  new: 'It must not exist yet. You can remove it by name when you are done.',
  swap: 'Its place is taken by the restored copy; it is kept whole under another name.',
  'in-place':
    'What was written to it since the backup will be gone from it, and stays in the safety backup only.',
  tables: 'It must be there; a table that it has no more is made again.',
};
const pathTargetHelp: Record<PathMode, string> = {
  new: 'On the machine of the worker, as the worker sees it. Nothing may be there yet.',
  swap: 'On the machine of the worker, as the worker sees it. What stands there is kept beside it under another name.',
};
const LOADED =
  'The file that the server loads when it starts: its dir and dbfilename, usually /var/lib/redis/dump.rdb, as the worker sees it. It is kept beside it under another name.';

export const targetLabelOf = (kind: SourceKind, mode: RestoreMode): string =>
  kind === 'postgres'
    ? targetLabel[mode]
    : mode === 'swap'
      ? 'The live path it is swapped with'
      : 'The new path';
export function targetHelpOf(kind: SourceKind, mode: RestoreMode): string {
  if (kind === 'postgres') return targetHelp[mode];
  return kind === 'redis' && mode === 'swap' ? LOADED : pathTargetHelp[pathMode(mode)];
}

const pathPhaseWord: Partial<Record<RestorePhase, string>> = {
  preparing: 'Looking at the path',
  swapping: 'Exchanging the two',
};
export const restorePhaseText = (kind: SourceKind, phase: RestorePhase): string =>
  (kind === 'postgres' ? undefined : pathPhaseWord[phase]) ?? restorePhaseWord[phase];

/** `the name of the database`, `the path`: what has to be typed. */
export const typedWord = (kind: SourceKind): string =>
  kind === 'postgres' ? 'the name of the database' : 'the path';
