import { z } from 'zod';
import type { Actor } from '../core/actor.ts';
import { verifyPassword } from '../platform/password.ts';
import type { Backend } from '#db/backend.ts';
import { addAuditEntry } from '#db/queries/audit.ts';
import {
  bookSignInAttempt,
  findUserByEmail,
  forgetSignInAttempts,
  markSignedIn,
  sweepSignInFailures,
  type UserRecord,
} from '#db/queries/user.ts';

/** Ten wrong passwords for an account, or fifty from an address, in fifteen minutes: then nobody is let in for a while. */
export const THROTTLE = { windowSeconds: 15 * 60, perAccount: 10, perAddress: 50 } as const;

export type SignInOutcome =
  | { readonly kind: 'signed-in'; readonly user: UserRecord }
  | { readonly kind: 'refused' }
  | { readonly kind: 'throttled'; readonly retryAfterSeconds: number };

const Credentials = z.object({ email: z.email().max(254), password: z.string().min(1).max(256) });

/**
 * One attempt to sign in. Unknown, disabled and wrong are answered alike and take alike long; a closed throttle answers
 * the same whether the account exists and whether the password is right. Every attempt that was looked at is audited.
 */
export async function signIn(
  backend: Backend,
  input: { readonly email: unknown; readonly password: unknown },
  address: string | undefined,
): Promise<SignInOutcome> {
  const { db } = backend;
  const parsed = Credentials.safeParse(input);
  if (!parsed.success) return { kind: 'refused' };
  const email = parsed.data.email.toLowerCase();
  const accountKey = `account:${email}`;
  const booking = await db.transaction((tx) =>
    bookSignInAttempt(
      tx,
      [
        { key: accountKey, limit: THROTTLE.perAccount },
        ...(address === undefined ? [] : [{ key: `address:${address}`, limit: THROTTLE.perAddress }]),
      ],
      THROTTLE.windowSeconds,
    ),
  );
  if ('retryAfterSeconds' in booking) {
    backend.log.warn('sign-in throttled', { address, retryAfterSeconds: booking.retryAfterSeconds });
    return { kind: 'throttled', retryAfterSeconds: booking.retryAfterSeconds };
  }
  const user = await findUserByEmail(db, email);
  const isRight = await verifyPassword(parsed.data.password, user?.passwordHash ?? null);
  const actor: Actor = { kind: 'user', id: user?.id ?? 'unknown', name: email, role: 'viewer', address };
  if (user === null || !isRight || user.isDisabled) {
    await addAuditEntry(db, actor, 'user.sign-in-failed', user?.id ?? null);
    await sweepSignInFailures(db);
    return { kind: 'refused' };
  }
  await db.transaction(async (tx) => {
    await forgetSignInAttempts(tx, booking.attemptIds, accountKey);
    await markSignedIn(tx, user.id);
    await addAuditEntry(tx, actor, 'user.sign-in', user.id);
  });
  return { kind: 'signed-in', user };
}
