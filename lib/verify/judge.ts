import type { Check, Depth, Verdict } from '../contracts/verification.ts';
import { AppError, type ErrorCode } from '../core/errors.ts';
import type { SourceKind } from '../core/source-kind.ts';

/** A check, and the error that stands for it where it did not pass. */
export interface Finding {
  readonly check: Check;
  readonly error: AppError | null;
}

export interface Judgement {
  readonly status: Verdict;
  readonly proven: boolean;
  readonly error: AppError | null;
}

/** What must have passed before a depth can be called passed: a check that nobody ran must not be missed. */
function neededFor(depth: Depth, kind: SourceKind): readonly string[] {
  const bytes = ['manifest', 'object', 'size', 'sha256'];
  if (depth === 'bytes') return bytes;
  const decoded = [...bytes, 'decode', kind === 'postgres' ? 'contents' : 'plain-sha256'];
  return depth === 'archive' ? decoded : [...decoded, 'plain-sha256', 'restore', ...COMPARED[kind]];
}

/** What a comparison with the facts always says, by kind of source. */
const COMPARED: Readonly<Record<SourceKind, readonly string[]>> = {
  postgres: ['tables'],
  files: ['files', 'content'],
  sqlite: ['integrity', 'tables'],
  redis: ['integrity'],
};

const kindOf = ({ name }: Check): string => name.split(':', 1)[0] ?? name;

/**
 * The outcome of all that was looked at: FAILED where anything failed, else UNKNOWN where something required could not be
 * shown or `abort` ended it, else PASSED. The error is that of the first check that decided it.
 */
export function judge(
  depth: Depth,
  kind: SourceKind,
  findings: readonly Finding[],
  abort: AppError | null,
): Judgement {
  const failed = findings.filter(({ check }) => check.verdict === 'FAILED');
  const unknown = findings.filter(({ check }) => check.verdict === 'UNKNOWN' && check.isRequired);
  if (failed[0] !== undefined) return verdictOf('FAILED', failed[0], failed.length);
  if (abort !== null) return { status: 'UNKNOWN', proven: false, error: abort };
  if (unknown[0] !== undefined) return verdictOf('UNKNOWN', unknown[0], unknown.length);
  const passed = new Set(findings.map(({ check }) => (check.verdict === 'PASSED' ? check.name : null)));
  const missing = neededFor(depth, kind).find((name) => !passed.has(name));
  if (missing !== undefined) {
    const error = new AppError('tool_failed', `"${missing}" was not checked`, {
      hint: 'Verify this backup again, and look into the log if it comes back.',
    });
    return { status: 'UNKNOWN', proven: false, error };
  }
  return { status: 'PASSED', proven: depth === 'restore', error: null };
}

function verdictOf(status: 'FAILED' | 'UNKNOWN', first: Finding, count: number): Judgement {
  const { code, message, hint, fields } = first.error ?? errorOf(first.check);
  const more = count === 1 ? '' : `, and ${String(count - 1)} more`;
  return { status, proven: false, error: new AppError(code, `${message}${more}`, { hint, fields }) };
}

/** The error of a check that a restored copy answered; what those report has words and no code. */
function errorOf(check: Check): AppError {
  const kind = kindOf(check);
  const reason = check.reason ?? `expected ${check.expected ?? 'nothing'}, found ${check.found ?? 'nothing'}`;
  const fields = { check: check.name };
  if (check.verdict === 'FAILED') {
    return kind === 'restore'
      ? new AppError('restore_failed', reason, {
          hint: 'Do not count on this backup: take a new one, and read in the log what was said.',
          fields,
        })
      : new AppError('verification_failed', `${check.name}: ${reason}`, {
          hint: 'Do not count on this backup: the restored copy is not what was backed up. Take a new one and verify it.',
          fields,
        });
  }
  const code: ErrorCode =
    kind === 'disk-space'
      ? 'storage_full'
      : kind === 'version'
        ? 'tool_version'
        : kind === 'scratch'
          ? 'tool_missing'
          : 'tool_failed';
  return new AppError(code, `${check.name}: ${reason}`, {
    hint: 'The backup may be good, which could not be shown here: mend what is named and verify it again.',
    fields,
  });
}
