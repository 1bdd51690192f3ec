import { readSignInError } from '../contracts/sign-in.ts';

export interface SignInFailure {
  readonly kind: 'refused' | 'throttled' | 'unavailable';
  readonly title: string;
  readonly hint: string;
}

const minutes = (seconds: number): string => {
  const count = Math.max(1, Math.ceil(seconds / 60));
  return count === 1 ? 'a minute' : `${String(count)} minutes`;
};

/** What to say about a failed sign-in, from the name next-auth hands to the page. Never tells which part was wrong. */
export function signInFailure(error: string | null | undefined): SignInFailure {
  const refusal = readSignInError(error) ?? { kind: 'unavailable' as const };
  switch (refusal.kind) {
    case 'throttled':
      return {
        kind: 'throttled',
        title: 'Too many attempts',
        hint: `Signing in is paused for this account or address. Try again in ${minutes(refusal.retryAfterSeconds)}.`,
      };
    case 'refused':
      return {
        kind: 'refused',
        title: 'Email or password is not right',
        hint: 'Check both. If you have forgotten the password, an administrator can set a new one.',
      };
    case 'unavailable':
      return {
        kind: 'unavailable',
        title: 'Signing in does not work at the moment',
        hint: 'The console or its database could not be reached. Backups already stored are not affected. Try again in a moment.',
      };
  }
}
