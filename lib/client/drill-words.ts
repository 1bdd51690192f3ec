import type { Drill, DrillStatus } from '../contracts/drill.ts';
import type { DrillSchedule, Verdict, VerifyPhase } from '../contracts/verification.ts';
import { aboutDuration, coarseDuration, shortDuration, targetMinutes } from './durations.ts';
import type { ReportVerdict } from './report-verdict.ts';

export const drillScheduleWord: Record<DrillSchedule, string> = {
  never: 'Only by hand',
  monthly: 'Every month',
  quarterly: 'Every quarter',
};

/** What each phase was for, in the words of a rehearsal. */
export const drillStepWord: Record<VerifyPhase, string> = {
  queued: 'Waiting for a worker',
  preparing: 'Preparing a server to restore into',
  reading: 'Fetching the stored copy',
  decoding: 'Decoding it to the end',
  restoring: 'Restoring',
  comparing: 'Comparing every fact',
  finishing: 'Cleaning up',
};

export const rtoText = ({ objectives }: Drill): string => targetMinutes(objectives.rtoMinutes);
export const rpoText = ({ objectives }: Drill): string => targetMinutes(objectives.rpoHours * 60);

/** In a table cell: what it took of what was allowed. */
export const recoveryText = ({ measured: { recoveryMs } }: Drill): string =>
  recoveryMs === null ? 'not known' : shortDuration(recoveryMs);
export const dataLossText = ({ measured: { dataLossMs } }: Drill): string =>
  dataLossMs === null ? 'not known' : coarseDuration(dataLossMs / 1000);

export interface DrillObjective {
  readonly key: 'proof' | 'rto' | 'rpo';
  readonly title: string;
  readonly wanted: string;
  readonly found: string;
  readonly verdict: Verdict;
}

/** The three questions a drill answers; none before it has ended. */
export function objectivesOf(drill: Drill): readonly DrillObjective[] {
  const { verdicts, checks } = drill;
  if (verdicts === null) return [];
  const open = [
    ...(checks.failed === 0 ? [] : [`${String(checks.failed)} failed`]),
    ...(checks.unknown === 0 ? [] : [`${String(checks.unknown)} unknown`]),
  ];
  const sum = checks.passed + checks.failed + checks.unknown;
  return [
    {
      key: 'proof',
      title: 'It comes back whole',
      wanted: 'every fact of the manifest',
      found:
        sum === 0
          ? 'nothing was compared'
          : [`${String(checks.passed)} of ${String(sum)} checks passed`, ...open].join(', '),
      verdict: verdicts.proof,
    },
    {
      key: 'rto',
      title: 'It is back in time (RTO)',
      wanted: `within ${rtoText(drill)}`,
      found: recoveryText(drill),
      verdict: verdicts.rto,
    },
    {
      key: 'rpo',
      title: 'Little enough is lost (RPO)',
      wanted: `at most ${rpoText(drill)}`,
      found: dataLossText(drill),
      verdict: verdicts.rpo,
    },
  ];
}

const stateOf: Record<DrillStatus, ReportVerdict['state']> = {
  IN_PROGRESS: 'RUNNING',
  PASSED: 'OK',
  FAILED: 'CRITICAL',
  UNKNOWN: 'WARNING',
};
const wordOf: Record<DrillStatus, string> = {
  IN_PROGRESS: 'The drill is running',
  PASSED: 'Passed',
  FAILED: 'Not passed',
  UNKNOWN: 'Not known',
};

function failures(drill: Drill): readonly string[] {
  const { verdicts, backup, measured } = drill;
  if (backup === null) return ['There is no backup to come back to.'];
  return [
    ...(verdicts?.proof === 'FAILED' ? ['The backup did not come back whole.'] : []),
    ...(verdicts?.rto === 'FAILED' && measured.recoveryMs !== null
      ? [`Coming back took ${aboutDuration(measured.recoveryMs)}; the objective is ${rtoText(drill)}.`]
      : []),
    ...(verdicts?.rpo === 'FAILED' && measured.dataLossMs !== null
      ? [
          `${coarseDuration(measured.dataLossMs / 1000)} of data would have been lost; the objective is at most ${rpoText(drill)}.`,
        ]
      : []),
  ];
}

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

/** The report's first sentence. */
export function drillVerdict(drill: Drill): ReportVerdict {
  const { status, measured } = drill;
  const said = { state: stateOf[status], word: wordOf[status] };
  if (status === 'IN_PROGRESS')
    return {
      ...said,
      sentence: `Coming back to the newest backup of ${drill.source.name} is being rehearsed.`,
      lines: ['What is in use is not touched. The copy is gone when the drill ends.'],
    };
  if (status === 'PASSED' && measured.recoveryMs !== null && measured.dataLossMs !== null)
    return {
      ...said,
      sentence: `Coming back took ${aboutDuration(measured.recoveryMs)}; the objective is ${rtoText(drill)}.`,
      lines: [
        `A disaster at that moment would have cost ${coarseDuration(measured.dataLossMs / 1000)} of data; the objective is at most ${rpoText(drill)}. Every fact of the restored copy agreed with the backup’s manifest.`,
      ],
    };
  if (status === 'UNKNOWN')
    return {
      ...said,
      sentence: 'The drill did not come to its end, so it shows nothing.',
      lines: ['Nothing is known to be wrong. Run it again once the reason is mended.'],
    };
  const [first = 'The drill did not pass.', ...others] = failures(drill).map(capital);
  return { ...said, sentence: first, lines: others };
}
