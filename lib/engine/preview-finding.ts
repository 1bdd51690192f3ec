import type { RestorePreview } from '../contracts/restore.ts';

export type Finding = RestorePreview['findings'][number];

const SHOWN = 8;

export const ok = (name: string, detail: string): Finding => ({ name, state: 'OK', detail, hint: null });

export const finding = (name: string, state: Finding['state'], detail: string, hint: string): Finding => ({
  name,
  state,
  detail,
  hint,
});

/** `a, b and 3 more`. */
export const listed = (names: readonly string[]): string =>
  names.length <= SHOWN
    ? names.join(', ')
    : `${names.slice(0, SHOWN).join(', ')} and ${String(names.length - SHOWN)} more`;

/** `1 client is`, `3 clients are`. */
export const clients = (count: number): string =>
  count === 1 ? '1 client is' : `${String(count)} clients are`;
