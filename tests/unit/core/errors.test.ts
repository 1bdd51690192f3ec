import { describe, expect, it } from 'vitest';
import { AppError, ERRORS, toAppError } from '#lib/core/errors.ts';

describe('the error table', () => {
  it('gives every code an exit code of its own, but for those that mean "not you"', () => {
    const codes = Object.entries(ERRORS).filter(([code]) => code !== 'forbidden');
    expect(new Set(codes.map(([, { exit }]) => exit)).size).toBe(codes.length);
    expect(ERRORS.forbidden.exit).toBe(ERRORS.unauthenticated.exit);
  });

  it('keeps 0 for success and stays within what a shell can tell', () => {
    for (const { exit, http } of Object.values(ERRORS)) {
      expect(exit).toBeGreaterThan(0);
      expect(exit).toBeLessThan(256);
      expect(http).toBeGreaterThanOrEqual(200);
      expect(http).toBeLessThan(600);
    }
  });
});

describe('toAppError', () => {
  it('passes an expected failure on as it is', () => {
    const error = new AppError('storage_full', 'no space is left', {
      hint: 'Make room.',
      fields: { bytes: 1 },
    });
    expect(toAppError(error)).toBe(error);
    expect(error).toMatchObject({ code: 'storage_full', hint: 'Make room.', fields: { bytes: 1 } });
  });

  it.each([new Error('password=hunter2'), 'a string', null, undefined, { code: 'storage_full' }])(
    'makes a bug of %o that tells nothing of it',
    (thrown) => {
      const error = toAppError(thrown);
      expect(error.code).toBe('bug');
      expect(error.cause).toBe(thrown);
      expect(`${error.message} ${error.hint ?? ''}`).not.toContain('hunter2');
    },
  );
});
