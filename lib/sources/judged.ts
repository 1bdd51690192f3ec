import type { Check } from '../contracts/verification.ts';

/** A check before anybody measured how long it took. */
export type Judged = Omit<Check, 'durationMs'>;

const SHOWN = 5;

/** `a, b, c, and 7 more`. */
export function listNames(names: readonly string[]): string {
  const shown = names.slice(0, SHOWN).join(', ');
  return names.length <= SHOWN ? shown : `${shown}, and ${String(names.length - SHOWN)} more`;
}

/** `1 row`, `12 rows`. */
export const countOf = (count: number, one: string, many = `${one}s`): string =>
  `${String(count)} ${count === 1 ? one : many}`;

export const passed = (name: string, expected: string | null, found: string | null): Judged => ({
  name,
  verdict: 'PASSED',
  isRequired: true,
  expected,
  found,
  reason: null,
});
export const failed = (
  name: string,
  expected: string | null,
  found: string | null,
  reason: string,
): Judged => ({
  name,
  verdict: 'FAILED',
  isRequired: true,
  expected,
  found,
  reason,
});
export const unknown = (
  name: string,
  isRequired: boolean,
  reason: string,
  expected: string | null = null,
  found: string | null = null,
): Judged => ({ name, verdict: 'UNKNOWN', isRequired, expected, found, reason });
