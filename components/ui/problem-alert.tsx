'use client';
import { Alert, Button } from 'antd';
import { problemOf } from '#lib/client/problem-error.ts';
import { sentence } from '#lib/client/sentence.ts';

/** The API's words for this are for programs; a person loses nothing by signing in elsewhere and going on here. */
const sessionIsOver = {
  detail: 'Your session is over.',
  hint: (
    <p>
      <a href="/login" target="_blank" rel="noreferrer">
        Sign in again in a new tab
      </a>
      , then go on here: nothing on this page is lost.
    </p>
  ),
};

/** A failure in words: what happened, what to do, the refused fields, and what to quote when asking for help. */
export function ProblemAlert({
  error,
  title,
  onRetry,
  isRetrying = false,
  isMild = false,
}: {
  readonly error: unknown;
  /** What the person wanted: "The backup was not started". */
  readonly title?: string;
  readonly onRetry?: () => void;
  readonly isRetrying?: boolean;
  /** Nothing is wrong with what was asked about: it is only not known, or not allowed now. */
  readonly isMild?: boolean;
}) {
  const problem = problemOf(error);
  const fields = problem.errors ?? [];
  const isSignedOut = problem.code === 'unauthenticated';
  const detail = isSignedOut ? sessionIsOver.detail : sentence(problem.detail);
  const isWarning = isMild || problem.code === 'rate_limited' || problem.code === 'protected';
  return (
    <Alert
      type={isWarning ? 'warning' : 'error'}
      showIcon
      role="alert"
      data-testid="problem"
      data-code={problem.code}
      title={title ?? detail}
      description={
        <div className="hf-problem">
          {title !== undefined && fields.length === 0 && <p>{detail}</p>}
          {isSignedOut ? sessionIsOver.hint : problem.hint !== undefined && <p>{problem.hint}</p>}
          {fields.length > 0 && (
            <ul>
              {fields.map(({ field, message }) => (
                <li key={`${field} ${message}`}>
                  <strong>{field}</strong> {message}
                </li>
              ))}
            </ul>
          )}
          <p className="hf-problem-facts">
            Code <code>{problem.code}</code>
            {problem.requestId !== '' && (
              <>
                {' '}
                · request <code>{problem.requestId}</code>
              </>
            )}
          </p>
          {onRetry !== undefined && (
            <Button size="small" loading={isRetrying} onClick={onRetry}>
              Try again
            </Button>
          )}
        </div>
      }
    />
  );
}
