/**
 * The one error table. `http` is the status a route answers, `exit` the exit code of the CLI, `retry` whether
 * trying again can help. docs/errors.md explains each code; a unit test compares the two.
 */
export const ERRORS = {
  bug: { http: 500, exit: 1, retry: 'never' },
  usage: { http: 400, exit: 2, retry: 'never' },
  partial: { http: 200, exit: 3, retry: 'later' },
  unauthenticated: { http: 401, exit: 4, retry: 'never' },
  forbidden: { http: 403, exit: 4, retry: 'never' },
  invalid: { http: 422, exit: 5, retry: 'after-fix' },
  not_found: { http: 404, exit: 10, retry: 'never' },
  locked: { http: 409, exit: 11, retry: 'later' },
  conflict: { http: 409, exit: 12, retry: 'never' },
  protected: { http: 409, exit: 13, retry: 'never' },
  rate_limited: { http: 429, exit: 14, retry: 'later' },
  config: { http: 500, exit: 20, retry: 'after-fix' },
  catalogue_down: { http: 503, exit: 21, retry: 'later' },
  worker_absent: { http: 503, exit: 22, retry: 'later' },
  source_unreachable: { http: 502, exit: 30, retry: 'later' },
  source_auth: { http: 502, exit: 31, retry: 'after-fix' },
  tool_missing: { http: 500, exit: 32, retry: 'after-fix' },
  tool_version: { http: 500, exit: 33, retry: 'after-fix' },
  tool_failed: { http: 502, exit: 34, retry: 'later' },
  storage_unreachable: { http: 502, exit: 40, retry: 'later' },
  storage_auth: { http: 502, exit: 41, retry: 'after-fix' },
  storage_full: { http: 507, exit: 42, retry: 'after-fix' },
  object_missing: { http: 409, exit: 43, retry: 'never' },
  object_exists: { http: 409, exit: 44, retry: 'never' },
  short_read: { http: 502, exit: 45, retry: 'later' },
  integrity: { http: 500, exit: 50, retry: 'never' },
  wrong_key: { http: 409, exit: 51, retry: 'after-fix' },
  verification_failed: { http: 500, exit: 52, retry: 'never' },
  objective_missed: { http: 500, exit: 53, retry: 'after-fix' },
  target_not_empty: { http: 409, exit: 60, retry: 'after-fix' },
  restore_failed: { http: 502, exit: 61, retry: 'after-fix' },
  hook_failed: { http: 502, exit: 62, retry: 'after-fix' },
  target_changed: { http: 409, exit: 63, retry: 'after-fix' },
  timeout: { http: 504, exit: 70, retry: 'later' },
  interrupted: { http: 500, exit: 71, retry: 'later' },
  cancelled: { http: 409, exit: 130, retry: 'never' },
} as const satisfies Record<string, { http: number; exit: number; retry: 'never' | 'later' | 'after-fix' }>;

export type ErrorCode = keyof typeof ERRORS;

/** Whether a code that was written down is one that this version knows. */
export const isErrorCode = (code: string): code is ErrorCode => code in ERRORS;

export interface AppErrorOptions {
  /** A sentence that says what to do. */
  readonly hint?: string | undefined;
  /** Facts for the log and the problem document. Never a secret. */
  readonly fields?: Readonly<Record<string, string | number | boolean | null>> | undefined;
  readonly cause?: unknown;
}

/** An expected failure. `message` is lower case without a full stop; `hint` is a sentence that says what to do. */
export class AppError extends Error {
  readonly code: ErrorCode;
  readonly hint: string | undefined;
  readonly fields: Readonly<Record<string, string | number | boolean | null>>;

  constructor(code: ErrorCode, message: string, options: AppErrorOptions = {}) {
    super(message, { cause: options.cause });
    this.name = 'AppError';
    this.code = code;
    this.hint = options.hint;
    this.fields = options.fields ?? {};
  }
}

/** Anything thrown, as an AppError. An unknown error becomes `bug`: its cause is for the log, never for a client. */
export function toAppError(thrown: unknown): AppError {
  if (thrown instanceof AppError) return thrown;
  return new AppError('bug', 'something went wrong inside Holdfast', {
    hint: 'Look for the request or run id in the log of the process that printed it, and report it.',
    cause: thrown,
  });
}

/** What is kept and told of anything thrown: `RunError` of the contracts. */
export function runErrorOf(thrown: unknown): {
  readonly code: ErrorCode;
  readonly message: string;
  readonly hint: string | null;
} {
  const { code, message, hint } = toAppError(thrown);
  return { code, message, hint: hint ?? null };
}
