import type { Check } from '../contracts/verification.ts';

/** Without what the catalogue cannot hold as text or JSON: a NUL, half a character. */
export const keepable = (text: string): string => text.replaceAll('\0', '').toWellFormed();

export const keepableCheck = (check: Check): Check => ({
  ...check,
  name: keepable(check.name),
  expected: check.expected === null ? null : keepable(check.expected),
  found: check.found === null ? null : keepable(check.found),
  reason: check.reason === null ? null : keepable(check.reason),
});
