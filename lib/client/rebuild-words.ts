import type { RebuildResult } from '../contracts/rebuild.ts';
import { counted } from '../core/counted.ts';

const sumOf = ({ sources }: RebuildResult, of: 'backups' | 'copies' | 'expiring'): number =>
  sources.reduce((sum, source) => sum + source[of], 0);

/** Whether there is anything to record. */
export const hasNews = (result: RebuildResult): boolean => result.sources.length > 0;

/** `12 backups and 3 further copies`. */
export function newsOf(result: RebuildResult): string {
  const [backups, copies] = [sumOf(result, 'backups'), sumOf(result, 'copies')];
  const copiesText = counted(copies, 'further copy', 'further copies');
  if (copies === 0) return counted(backups, 'backup');
  return backups === 0 ? copiesText : `${counted(backups, 'backup')} and ${copiesText}`;
}

/** What was found, in a sentence or two. */
export function foundText(result: RebuildResult): string {
  const { archives, known, refusedCount, unreachable } = result;
  const isIncomplete = unreachable.length > 0;
  if (archives === 0)
    return isIncomplete ? 'No archive was found where it could be looked.' : 'No archive was found.';
  const parts = [
    ...(known === 0 ? [] : [`${counted(known, 'copy', 'copies')} known already`]),
    ...(refusedCount === 0 ? [] : [`${String(refusedCount)} that cannot be recorded`]),
    `${hasNews(result) ? newsOf(result) : 'nothing'} not in the history`,
  ];
  return `${counted(archives, 'archive')} found: ${parts.join(', ')}.`;
}

/** What becomes of them once they are recorded. */
export function retentionText(result: RebuildResult): string {
  const expiring = sumOf(result, 'expiring');
  const rule =
    'From then on retention judges them like any other backup. It never takes the newest of a source, nor one that is younger than 24 hours.';
  if (expiring === 0) return rule;
  return `${rule} As things stand, its next run lets go of ${String(expiring)} of them, which are older than what is kept: raise the numbers to keep first, if you need these.`;
}
