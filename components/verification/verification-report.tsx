'use client';
import type { Verification } from '#lib/contracts/verification.ts';
import { destinationInText } from '#lib/client/backup-words.ts';
import { shortDuration } from '#lib/client/durations.ts';
import { recordedProblem } from '#lib/client/problem-error.ts';
import { causeWord, depthWord, placeWord } from '#lib/client/verification-words.ts';
import { Instant } from '#components/ui/instant.tsx';
import { ProblemAlert } from '#components/ui/problem-alert.tsx';
import { CheckList } from './check-list.tsx';
import { VerdictMark } from './verdict-mark.tsx';
import { RunningVerification } from './running-verification.tsx';

const titles = {
  FAILED: 'Something is wrong with this backup',
  UNKNOWN: 'It could not be shown',
  IN_PROGRESS: '',
  PASSED: '',
} as const;

/** One verification: how it ended, what it took, why it did not pass, and every check. */
export function VerificationReport({ verification }: { readonly verification: Verification }) {
  const { status, depth, destination, durationMs, restoreMs, place, finishedAt, error, cause, requestedBy } =
    verification;
  return (
    <div className="hf-stack" data-testid="verification" data-status={status} data-id={verification.id}>
      {status === 'IN_PROGRESS' ? (
        <RunningVerification verification={verification} />
      ) : (
        <>
          <p className="hf-report-line">
            <VerdictMark status={status} />{' '}
            <span>
              {depthWord[depth]} verification of the copy on {destinationInText[destination]}
              {finishedAt !== null && (
                <>
                  , finished <Instant at={finishedAt} as="calendar" />
                </>
              )}
              {durationMs !== null && ` after ${shortDuration(durationMs)}`}
              {restoreMs !== null &&
                `; the restore${place === null ? '' : ` into ${placeWord[place]}`} took ${shortDuration(restoreMs)}`}
              . Started {requestedBy === null ? causeWord[cause] : `by ${requestedBy}`}.
            </span>
          </p>
          {error !== null && (
            <ProblemAlert
              error={recordedProblem(error)}
              title={error.code === 'cancelled' ? 'This verification was cancelled' : titles[status]}
              isMild={status === 'UNKNOWN'}
            />
          )}
        </>
      )}
      {verification.checks.length > 0 ? (
        <CheckList checks={verification.checks} />
      ) : (
        status !== 'IN_PROGRESS' && <p className="hf-muted">It ended before anything was checked.</p>
      )}
    </div>
  );
}
