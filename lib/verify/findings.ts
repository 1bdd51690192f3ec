import type { Check, VerifyEvent } from '../contracts/verification.ts';
import type { AppError } from '../core/errors.ts';
import type { RunContext } from '../core/run-context.ts';
import type { Finding } from './judge.ts';

interface Seen {
  readonly expected?: string;
  readonly found?: string;
}

/** One check that is going on. */
export interface OpenCheck {
  passed(seen?: Seen): void;
  failed(error: AppError, seen?: Seen): void;
  unknown(error: AppError, seen?: Seen & { readonly isRequired?: boolean }): void;
}

/** All that was found so far; each check is reported as soon as it is judged. */
export interface Findings {
  readonly all: readonly Finding[];
  readonly hasFailed: boolean;
  /** Begins a check; its time runs until it is judged. */
  open(name: string): OpenCheck;
  /** Takes a check that somebody else judged, with the error that stands for it where there is one. */
  add(check: Check, error: AppError | null): void;
}

export function createFindings(
  report: (event: VerifyEvent) => void,
  ctx: Pick<RunContext, 'clock' | 'signal'>,
): Findings {
  const all: Finding[] = [];
  const take = (check: Check, error: AppError | null): void => {
    // What is found while everything is being torn down says nothing about the backup.
    if (ctx.signal.aborted) return;
    all.push({ check, error });
    report({ type: 'check', check });
  };
  return {
    all,
    get hasFailed() {
      return all.some(({ check }) => check.verdict === 'FAILED');
    },
    open: (name) => {
      const startedAt = ctx.clock.now().getTime();
      const judged = (
        verdict: Check['verdict'],
        error: AppError | null,
        { expected, found, isRequired = true }: Seen & { readonly isRequired?: boolean } = {},
      ): void => {
        take(
          {
            name,
            verdict,
            isRequired,
            expected: expected ?? null,
            found: found ?? null,
            reason: error?.message ?? null,
            durationMs: Math.max(0, ctx.clock.now().getTime() - startedAt),
          },
          error,
        );
      };
      return {
        passed: (seen) => {
          judged('PASSED', null, seen);
        },
        failed: (error, seen) => {
          judged('FAILED', error, seen);
        },
        unknown: (error, seen) => {
          judged('UNKNOWN', error, seen);
        },
      };
    },
    add: (check, error) => {
      take(check, error);
    },
  };
}
