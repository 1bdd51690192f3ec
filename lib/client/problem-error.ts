import type { RunError } from '../contracts/backup.ts';
import type { Problem } from '../contracts/problem.ts';

/** What every query and mutation of the browser throws: a problem document with its code, hint and request id. */
export class ProblemError extends Error {
  readonly problem: Problem;

  constructor(problem: Problem) {
    super(problem.detail);
    this.name = 'ProblemError';
    this.problem = problem;
  }
}

/** A failure the server never told: shaped like one it did, so that one component shows both. */
export function localProblem(code: string, detail: string, hint: string, status = 0): ProblemError {
  return new ProblemError({ type: 'about:blank', title: detail, status, detail, code, hint, requestId: '' });
}

/** Anything a query or mutation threw, as a problem document. */
export function problemOf(thrown: unknown): Problem {
  if (thrown instanceof ProblemError) return thrown.problem;
  return localProblem(
    'bug',
    'something went wrong in this page',
    'Reload the page; if it happens again, report what you did.',
  ).problem;
}

/** A run's recorded failure, in the shape the page shows failures in. */
export const recordedProblem = ({ code, message, hint }: RunError): ProblemError =>
  new ProblemError({
    type: 'about:blank',
    title: message,
    status: 0,
    detail: message,
    code,
    requestId: '',
    ...(hint === null ? {} : { hint }),
  });
