import type { HealthCheck } from '../contracts/overview.ts';

export const BACKUP_PAGE = '/settings/backup';
export const DRILLS_PAGE = '/drills';

/** A rule that holds, and asks for nothing. */
export const ok = (name: string, detail: string): HealthCheck => ({
  name,
  state: 'OK',
  detail,
  source: null,
  action: null,
});

/** A rule that does not, or could not be judged; `label` and `href` are what to do about it. */
export const bad = (
  name: string,
  state: 'WARNING' | 'CRITICAL' | 'UNKNOWN',
  detail: string,
  label: string,
  href: string,
): HealthCheck => ({ name, state, detail, source: null, action: { label, href } });
