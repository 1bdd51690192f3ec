import type { LogBase, LogStretch } from '../contracts/log.ts';
import { lines, shellQuote } from './shell-quote.ts';

export type RecoveryChoice =
  /** Null: as far as the log goes. */
  { readonly base: LogBase; readonly at: Date | null } | { readonly outOfReach: string };

/** Where the log of this stretch ends; null where nobody could tell, although there is log. */
const endOf = ({ from, until, lastSegment }: LogStretch): number | null =>
  until !== null ? Date.parse(until) : lastSegment === null ? Date.parse(from) : null;

/** The base archive from which `at` is reached the quickest: the newest one that ended before it. */
export function chooseRecovery(stretches: readonly LogStretch[], at: Date | null): RecoveryChoice {
  const [newest] = stretches;
  const [latest] = newest?.bases ?? [];
  if (latest === undefined) return { outOfReach: 'There is no base archive.' };
  if (at === null) return { base: latest, at };
  const ms = at.getTime();
  const stretch = stretches.find((one) => Date.parse(one.from) <= ms);
  if (stretch === undefined)
    return { outOfReach: 'That is before the oldest base archive: restore a backup of that day instead.' };
  const base = stretch.bases.find(({ endedAt }) => Date.parse(endedAt) <= ms);
  const end = endOf(stretch);
  if (base === undefined || (end !== null && ms > end)) {
    return {
      outOfReach:
        stretch === newest
          ? 'The kept log does not reach so far yet. While the server runs, “select pg_switch_wal()” archives its newest changes.'
          : 'The kept log has a gap there: only what lies before the gap, or after the next base archive, can be reached.',
    };
  }
  return { base, at };
}

/** `20261129_143000`, in UTC. */
const stamp = (at: Date): string => at.toISOString().slice(0, 19).replaceAll(/[-:]/g, '').replace('T', '_');

/** The line that brings the server back beside whatever runs; `isDryRun`: it only checks that it could. */
export function recoveryCommand(
  { base, at }: { readonly base: LogBase; readonly at: Date | null },
  options: { readonly isExclusive: boolean; readonly isDryRun: boolean },
): string {
  const target =
    at === null ? ['--latest'] : [`--time '${at.toISOString().slice(0, 19).replace('T', ' ')}+00'`];
  return lines(
    'scripts/restore-to-time.sh',
    ...target,
    ...(options.isExclusive && at !== null ? ['--exclusive'] : []),
    ...(base.destination === 's3' ? [`--s3 --from ${shellQuote(base.key)}`] : []),
    ...(base.isEncrypted ? ['--identity key.txt'] : []),
    `--into /var/lib/postgresql/${at === null ? 'latest' : stamp(at)}`,
    ...(options.isDryRun ? ['--dry-run'] : []),
  );
}
