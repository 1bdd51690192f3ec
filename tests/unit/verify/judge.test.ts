import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DEPTHS, VERDICTS, type Check } from '#lib/contracts/verification.ts';
import { AppError } from '#lib/core/errors.ts';
import type { SourceKind } from '#lib/core/source-kind.ts';
import { judge as judgeOf, type Finding } from '#lib/verify/judge.ts';

const judge = (
  depth: Parameters<typeof judgeOf>[0],
  found: readonly Finding[],
  abort: AppError | null,
  kind: SourceKind = 'postgres',
) => judgeOf(depth, kind, found, abort);
const finding = (more: Partial<Check>, error: AppError | null = null): Finding => ({
  check: {
    name: 'sha256',
    verdict: 'PASSED',
    isRequired: true,
    expected: null,
    found: null,
    reason: null,
    durationMs: 0,
    ...more,
  },
  error,
});
const names = [
  'manifest',
  'object',
  'size',
  'sha256',
  'decode',
  'contents',
  'plain-sha256',
  'restore',
  'tables',
  'rows:public.items',
  'sql:orphaned bins',
];
const findings = fc.array(
  fc.record({
    name: fc.constantFrom(...names),
    verdict: fc.constantFrom(...VERDICTS),
    isRequired: fc.boolean(),
  }),
);
const passedAll = names.map((name) => finding({ name }));

describe('judge', () => {
  test('nothing is better than what was found, whatever that is', () => {
    fc.assert(
      fc.property(fc.constantFrom(...DEPTHS), findings, fc.boolean(), (depth, parts, isAborted) => {
        const abort = isAborted ? new AppError('cancelled', 'cancelled') : null;
        const { status, proven, error } = judge(
          depth,
          parts.map((part) => finding(part)),
          abort,
        );
        const has = (verdict: string) => parts.some((part) => part.verdict === verdict);
        const lacks = parts.some((part) => part.verdict === 'UNKNOWN' && part.isRequired);
        if (has('FAILED')) expect(status).toBe('FAILED');
        else if (lacks || isAborted || parts.length === 0) expect(status).toBe('UNKNOWN');
        expect(proven).toBe(status === 'PASSED' && depth === 'restore');
        expect(error === null).toBe(status === 'PASSED');
      }),
    );
  });

  test.each(DEPTHS)(
    '%s passes where all it needs has passed, and not where one of it was not looked at',
    (depth) => {
      expect(judge(depth, passedAll, null)).toEqual({
        status: 'PASSED',
        proven: depth === 'restore',
        error: null,
      });
      expect(
        judge(depth, [...passedAll, finding({ verdict: 'UNKNOWN', isRequired: false })], null).status,
      ).toBe('PASSED');
      const without = passedAll.filter(({ check }) => check.name !== 'sha256');
      expect(judge(depth, without, null)).toMatchObject({
        status: 'UNKNOWN',
        error: { code: 'tool_failed', message: '"sha256" was not checked' },
      });
    },
  );

  test.each([
    ['restore', 'FAILED', 'restore_failed'],
    ['rows:public.items', 'FAILED', 'verification_failed'],
    ['disk-space', 'UNKNOWN', 'storage_full'],
    ['version', 'UNKNOWN', 'tool_version'],
    ['scratch', 'UNKNOWN', 'tool_missing'],
    ['restore', 'UNKNOWN', 'tool_failed'],
  ] as const)('%s %s is %s', (name, verdict, code) => {
    const bad = finding({ name, verdict, reason: 'because' });
    expect(judge('restore', [...passedAll, bad], null)).toMatchObject({ status: verdict, error: { code } });
  });

  test('the error is that of the first check that decided it, and tells how many more there are', () => {
    const first = finding(
      { verdict: 'FAILED' },
      new AppError('integrity', 'the first', { hint: 'Do this.' }),
    );
    const unknown = finding({ verdict: 'UNKNOWN' }, new AppError('wrong_key', 'no key'));
    const { error } = judge('bytes', [unknown, first, finding({ name: 'size', verdict: 'FAILED' })], null);
    expect(error).toMatchObject({ code: 'integrity', message: 'the first, and 1 more', hint: 'Do this.' });
  });
});

describe('of other kinds of sources', () => {
  const passedOf = (...checks: readonly string[]) => checks.map((name) => finding({ name }));
  const stored = ['manifest', 'object', 'size', 'sha256', 'decode', 'plain-sha256'];
  test.each([
    ['files', ['files', 'content']],
    ['sqlite', ['integrity', 'tables']],
    ['redis', ['integrity']],
  ] as const)('%s is proven by its own comparison, and by nothing less', (kind, compared) => {
    expect(judge('archive', passedOf(...stored), null, kind)).toMatchObject({
      status: 'PASSED',
      proven: false,
    });
    expect(judge('archive', passedOf(...stored.slice(0, -1)), null, kind).status).toBe('UNKNOWN');
    const all = [...stored, 'restore', ...compared];
    expect(judge('restore', passedOf(...all), null, kind)).toMatchObject({ status: 'PASSED', proven: true });
    for (const left of ['restore', ...compared]) {
      const missing = judge('restore', passedOf(...all.filter((name) => name !== left)), null, kind);
      expect(missing).toMatchObject({ status: 'UNKNOWN', proven: false });
    }
  });
});
