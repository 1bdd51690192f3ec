import type { HealthCheck } from '../contracts/overview.ts';
import { roughly } from '../core/roughly.ts';
import { bad, ok } from './health-check.ts';
import type { SourceFacts } from './health-facts.ts';

/** A worker looks at the kept log every few minutes; what it saw counts for so long. */
const LOG_SLACK_MS = 20 * 60_000;

const INSTANT_PAGE = '/restores/instant';

/** Whether the server can be brought back to any instant, as who keeps its log counts on. */
export function pointInTimeCheck({ now, log }: SourceFacts): HealthCheck[] {
  if (log === undefined) return [];
  const check = (state: 'WARNING' | 'CRITICAL' | 'UNKNOWN', detail: string): HealthCheck[] => [
    bad('point-in-time', state, detail, 'See what can be reached', INSTANT_PAGE),
  ];
  if (log === null) return check('UNKNOWN', 'No worker has looked at the kept log yet.');
  const ageMs = now.getTime() - log.readAt.getTime();
  if (ageMs > LOG_SLACK_MS)
    return check('UNKNOWN', `No worker has looked at the kept log for ${roughly(ageMs)}.`);
  const { reading } = log;
  if (reading === null)
    return check(
      'UNKNOWN',
      `The kept log could not be looked at: ${log.errorMessage ?? 'no reason is known'}.${log.errorHint === null ? '' : ` ${log.errorHint}`}`,
    );
  const [newest] = reading.stretches;
  if (reading.flaw !== null)
    return check('CRITICAL', `What is written now cannot be brought back to an instant: ${reading.flaw}.`);
  if (newest === undefined)
    return check(
      'WARNING',
      'The log is kept, but there is no base archive that it goes on from: take one with base-backup.sh.',
    );
  if (newest.missing !== null)
    return check(
      'CRITICAL',
      `Segment ${newest.missing} of the kept log is missing: no instant after it can be reached until a new base archive is taken.`,
    );
  if (reading.archiveTimeoutSeconds === 0)
    return check(
      'WARNING',
      'The server archives a segment only when it is full, so the newest changes may be missing for hours: set its archive_timeout.',
    );
  return [
    ok(
      'point-in-time',
      `Any instant of the last ${roughly(now.getTime() - Date.parse(newest.from))} can be reached, up to the newest archived segment.`,
    ),
  ];
}
