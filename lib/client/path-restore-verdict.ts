import type { Restore } from '../contracts/restore.ts';
import type { ReportVerdict } from './report-verdict.ts';
import { restorePhaseText, type PathKind } from './restore-kind-words.ts';
import {
  failedCommands,
  interruptionText,
  NOT_ALL_COMPARED,
  readyVerdict,
  restoreLookOf,
  restoreVerdict,
  swappedBackVerdict,
  unfinishedVerdict,
  type Outcome,
} from './restore-words.ts';

const foundEqual: Record<PathKind, string> = {
  files: 'Every name and content was compared with the manifest and found equal.',
  sqlite: 'Every table and row was compared with the manifest and found equal.',
  redis: 'The keys of every database were compared with the manifest and found equal.',
};
const compared = (kind: PathKind, proven: boolean): string => (proven ? foundEqual[kind] : NOT_ALL_COMPARED);

const next: Record<PathKind, string> = {
  files: 'A program that had a file open goes on with the old one until it opens it again.',
  sqlite: 'Start the application now; what had the old file open must not write any more.',
  redis: 'Start the server now: it loads this file.',
};

/** Why nothing was lost although it did not end well. */
function unharmed({ mode, targetDatabase, swap }: Outcome): string {
  if (swap !== null)
    return swap.undoneAt === null
      ? `What was restored stands at “${targetDatabase}” now; what was there before is kept as “${swap.keptDatabase}”.`
      : `What was at “${targetDatabase}” before this restore is there.`;
  return mode === 'swap'
    ? `“${targetDatabase}” was not touched: it is as it was before.`
    : 'What is in use was not touched.';
}

function runningVerdict(kind: PathKind, restore: Outcome): ReportVerdict {
  const { targetDatabase, progress, swap, mode, proven } = restore;
  const phase = progress?.phase ?? 'queued';
  if (phase === 'ready') {
    return readyVerdict(
      restore,
      compared(kind, proven),
      `“${targetDatabase}” is as it was. Look at what differs, then swap the copy in or give it up.`,
    );
  }
  const isExchange = phase === 'swapping' || swap !== null;
  return {
    state: 'RUNNING',
    word: 'In progress',
    sentence: `${restorePhaseText(kind, phase)}.`,
    lines: [
      isExchange
        ? 'The two exchange their names in a moment. Both stay whole.'
        : mode === 'swap'
          ? `“${targetDatabase}” stays in use and is not touched meanwhile.`
          : 'What is in use is not touched.',
      'It goes on without this page: you can close it and come back.',
    ],
  };
}

function pathVerdict(kind: PathKind, restore: Outcome): ReportVerdict {
  const { targetDatabase, proven, swap, error } = restore;
  const commands = failedCommands(restore);
  const isGood = proven && error === null && commands.length === 0;
  switch (restoreLookOf(restore)) {
    case 'running':
    case 'ready':
      return runningVerdict(kind, restore);
    case 'cancelled':
    case 'failed':
      return unfinishedVerdict(restore, unharmed(restore));
    case 'swapped':
      return {
        state: isGood ? 'OK' : 'WARNING',
        word: 'Swapped in',
        sentence: `What was restored is in use at “${targetDatabase}” now.`,
        lines: [
          `What it took the place of is kept as “${swap?.keptDatabase ?? ''}”. The exchange took ${interruptionText(swap?.interruptionMs ?? null)}.`,
          compared(kind, proven),
          next[kind],
          ...commands,
        ],
      };
    case 'undone':
      return swappedBackVerdict(
        restore,
        `What was at “${targetDatabase}” before this restore is in use again.`,
      );
    case 'done':
    case 'put-back':
      return {
        state: isGood ? 'OK' : 'WARNING',
        word: 'Restored',
        sentence: `The backup stands at “${targetDatabase}”.`,
        lines: [compared(kind, proven), 'What is in use was not touched.', ...commands],
      };
  }
}

/** How a restore of any kind ended, in words for somebody who has no time. */
export function restoreReportVerdict(restore: Outcome & Pick<Restore, 'sourceKind'>): ReportVerdict {
  const { sourceKind } = restore;
  return sourceKind === 'postgres' ? restoreVerdict(restore) : pathVerdict(sourceKind, restore);
}
