import { decode, type JWT } from 'next-auth/jwt';
import type { Config } from '../platform/config.ts';
import { needSecret } from '../platform/config.ts';
import { deriveKey } from '../platform/keys.ts';

/** A session ends this long after next-auth last renewed it … */
export const SESSION_IDLE_SECONDS = 8 * 3600;
/** … and this long after the sign-in, renewed or not. */
export const SESSION_MAX_SECONDS = 24 * 3600;

/** What the session cookie holds; the role is not in it, because the database is asked on every request. */
export interface SessionClaims {
  readonly userId: string;
  readonly epoch: number;
  /** Seconds since 1970. */
  readonly signedInAt: number;
}

export const sessionSecret = (config: Config): string =>
  deriveKey(needSecret(config), 'session').toString('base64');

export const hasSecureCookies = (config: Config): boolean =>
  config.publicUrl?.startsWith('https://') ?? false;

export const sessionCookieName = (config: Config): string =>
  hasSecureCookies(config) ? '__Secure-holdfast.session' : 'holdfast.session';

/** Null for anything that is not a whole, living session of ours. */
export function claimsOf(token: JWT | null, now: Date): SessionClaims | null {
  const { userId, epoch, signedInAt } = token ?? {};
  if (typeof userId !== 'string' || typeof epoch !== 'number' || typeof signedInAt !== 'number') return null;
  const ageSeconds = now.getTime() / 1000 - signedInAt;
  return ageSeconds > SESSION_MAX_SECONDS ? null : { userId, epoch, signedInAt };
}

/** The claims of a session cookie's value, or null when it is absent, altered or over. */
export async function readSessionCookie(
  value: string | undefined,
  config: Config,
  now: Date,
): Promise<SessionClaims | null> {
  if (value === undefined || value === '') return null;
  try {
    return claimsOf(await decode({ token: value, secret: sessionSecret(config) }), now);
  } catch {
    return null;
  }
}
