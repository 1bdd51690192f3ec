/** How next-auth's `signIn` says that the throttle closed: `Throttled:<seconds>` in its `error`. */
export const throttledError = (retryAfterSeconds: number): string => `Throttled:${retryAfterSeconds}`;
/** The catalogue did not answer; nothing is known about the password. */
export const UNAVAILABLE_ERROR = 'Unavailable';

export type SignInRefusal =
  | { readonly kind: 'refused' }
  | { readonly kind: 'throttled'; readonly retryAfterSeconds: number }
  | { readonly kind: 'unavailable' };

/** What the `error` of `signIn('credentials', { redirect: false, email, password })` means; null when there is none. */
export function readSignInError(error: string | null | undefined): SignInRefusal | null {
  if (error === undefined || error === null || error === '') return null;
  const throttled = /^Throttled:(\d+)$/.exec(error);
  if (throttled) return { kind: 'throttled', retryAfterSeconds: Number(throttled[1]) };
  return error === UNAVAILABLE_ERROR ? { kind: 'unavailable' } : { kind: 'refused' };
}
