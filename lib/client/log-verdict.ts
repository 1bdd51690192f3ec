import type { LogState } from '../contracts/log.ts';
import { judgeLog } from '../core/judge-log.ts';
import { roughly } from '../core/roughly.ts';
import { calendarInstant } from './instants.ts';
import type { ReportVerdict } from './report-verdict.ts';

const NOT_TOUCHED = 'Backups are not touched by this: they are taken, kept and proven all the same.';

/** What the kept log is good for now; null where nobody could look, which other words tell. */
export function logVerdict({ reading, readAt }: LogState, now: Date): ReportVerdict | null {
  if (reading === null || readAt === null) return null;
  const [newest] = reading.stretches;
  const say = (at: string): string => calendarInstant(new Date(at), now);
  const reach =
    newest === undefined
      ? 'There is no base archive that the log goes on from: take one with base-backup.sh.'
      : newest.until !== null
        ? `The server can be brought back to any instant from ${say(newest.from)} to ${say(newest.until)}.`
        : newest.lastSegment === null
          ? `The server can be brought back to ${say(newest.from)}, the end of its base archive; no later log is kept yet.`
          : `The server can be brought back to any instant from ${say(newest.from)} to the end of segment ${newest.lastSegment}.`;
  const judged = judgeLog(reading, now.getTime() - Date.parse(readAt));
  switch (judged.kind) {
    case 'not-read':
      return null;
    case 'old':
      return {
        state: 'WARNING',
        word: 'Not known',
        sentence: `No worker has looked at the kept log for ${roughly(judged.ageMs)}.`,
        lines: [`When one last looked: ${reach}`, NOT_TOUCHED],
      };
    case 'not-archived':
      return {
        state: 'CRITICAL',
        word: 'Not kept',
        sentence: `What is written now is not in the kept log: ${judged.why}.`,
        lines: [reach, NOT_TOUCHED],
      };
    case 'no-base':
      return { state: 'WARNING', word: 'No base archive', sentence: reach, lines: [NOT_TOUCHED] };
    case 'gap':
      return {
        state: 'CRITICAL',
        word: 'Gap',
        sentence: `Segment ${judged.segment} is missing: no instant after it can be reached.`,
        lines: [
          reach,
          'Look for it where the folder is copied to, or take a new base archive: it needs the missing one no more.',
        ],
      };
    case 'lag':
      return {
        state: 'WARNING',
        word: 'May lag',
        sentence: reach,
        lines: [
          'The server archives a segment only when it is full, so the newest changes may be missing for hours: set its archive_timeout.',
        ],
      };
    case 'kept':
      return { state: 'OK', word: 'Kept', sentence: reach, lines: [] };
  }
}
