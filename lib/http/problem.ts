import { STATUS_CODES } from 'node:http';
import type { ZodError } from 'zod';
import { AppError, ERRORS, toAppError } from '../core/errors.ts';
import type { Problem } from '../contracts/problem.ts';
import { translateCatalogueError } from '#db/errors.ts';

/** The refusal of one or more fields: 422, each field named. */
export class InvalidInput extends AppError {
  readonly issues: readonly { readonly field: string; readonly message: string }[];

  constructor(issues: readonly { readonly field: string; readonly message: string }[]) {
    const first = issues[0];
    super('invalid', first ? `${first.field}: ${first.message}` : 'the values were refused', {
      hint: 'Correct the named fields and send the request again.',
    });
    this.issues = issues;
  }
}

const lowerFirst = (text: string): string => text.charAt(0).toLowerCase() + text.slice(1);

export function invalidInput(error: ZodError): InvalidInput {
  return new InvalidInput(
    error.issues.flatMap((issue) => {
      const message = lowerFirst(issue.message);
      // A strict schema names the strangers in `keys`, not in the path.
      if (issue.code === 'unrecognized_keys') {
        return issue.keys.map((key) => ({
          field: [...issue.path.map(String), key].join('.'),
          message: 'is not a known field',
        }));
      }
      return [{ field: issue.path.map(String).join('.') || 'body', message }];
    }),
  );
}

/** Any thrown thing as the RFC 9457 document a client may see: of an unknown error nothing but the request id. */
export function toProblem(thrown: unknown, requestId: string): Problem {
  const error = toAppError(translateCatalogueError(thrown));
  const status = ERRORS[error.code].http;
  const field = error.fields['field'];
  const errors =
    error instanceof InvalidInput
      ? error.issues.map((issue) => ({ ...issue }))
      : typeof field === 'string'
        ? [{ field, message: error.message }]
        : undefined;
  return {
    type: `/docs/errors#${error.code}`,
    title: STATUS_CODES[status] ?? 'Error',
    status,
    detail: error.message,
    code: error.code,
    requestId,
    ...(error.hint === undefined ? {} : { hint: error.hint }),
    ...(errors === undefined ? {} : { errors }),
  };
}

/** Seconds to wait before the same request may be accepted, where the error says so. */
export function retryAfterSeconds(thrown: unknown): number | null {
  const seconds = thrown instanceof AppError ? thrown.fields['retryAfterSeconds'] : undefined;
  return typeof seconds === 'number' ? Math.max(1, Math.ceil(seconds)) : null;
}
