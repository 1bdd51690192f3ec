import type { HealthCheck } from '../contracts/overview.ts';
import { judgeLog } from '../core/judge-log.ts';
import { roughly } from '../core/roughly.ts';
import { bad, ok } from './health-check.ts';
import type { SourceFacts } from './health-facts.ts';

const INSTANT_PAGE = '/restores/instant';

/** Whether the server can be brought back to any instant, as who keeps its log counts on. */
export function pointInTimeCheck({ now, log }: SourceFacts): HealthCheck[] {
  if (log === undefined) return [];
  const check = (state: 'WARNING' | 'CRITICAL' | 'UNKNOWN', detail: string): HealthCheck[] => [
    bad('point-in-time', state, detail, 'See what can be reached', INSTANT_PAGE),
  ];
  if (log === null) return check('UNKNOWN', 'No worker has looked at the kept log yet.');
  const { reading } = log;
  const judged = judgeLog(reading, now.getTime() - log.readAt.getTime());
  switch (judged.kind) {
    case 'old':
      return check('UNKNOWN', `No worker has looked at the kept log for ${roughly(judged.ageMs)}.`);
    case 'not-read':
      return check(
        'UNKNOWN',
        `The kept log could not be looked at: ${log.errorMessage ?? 'no reason is known'}.${log.errorHint === null ? '' : ` ${log.errorHint}`}`,
      );
    case 'not-archived':
      return check('CRITICAL', `What is written now cannot be brought back to an instant: ${judged.why}.`);
    case 'no-base':
      return check(
        'WARNING',
        'The log is kept, but there is no base archive that it goes on from: take one with base-backup.sh.',
      );
    case 'gap':
      return check(
        'CRITICAL',
        `Segment ${judged.segment} of the kept log is missing: no instant after it can be reached until a new base archive is taken.`,
      );
    case 'lag':
      return check(
        'WARNING',
        'The server archives a segment only when it is full, so the newest changes may be missing for hours: set its archive_timeout.',
      );
    case 'kept':
      return [
        ok(
          'point-in-time',
          `Any instant of the last ${roughly(now.getTime() - Date.parse(judged.from))} can be reached, up to the newest archived segment.`,
        ),
      ];
  }
}
