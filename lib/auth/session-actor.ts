import type { Actor } from '../core/actor.ts';
import type { Backend } from '#db/backend.ts';
import { findUser } from '#db/queries/user.ts';
import { readSessionCookie, type SessionClaims } from './session-token.ts';

/** The user a session belongs to, as the database knows them now; null when disabled, gone or signed out. */
export async function actorOfClaims(backend: Backend, claims: SessionClaims | null): Promise<Actor | null> {
  if (claims === null) return null;
  const user = await findUser(backend.db, claims.userId);
  if (user === null || user.isDisabled || user.sessionEpoch !== claims.epoch) return null;
  return { kind: 'user', id: user.id, name: user.email, role: user.role };
}

export async function actorOfSessionCookie(
  backend: Backend,
  value: string | undefined,
): Promise<Actor | null> {
  return actorOfClaims(backend, await readSessionCookie(value, backend.config, backend.clock.now()));
}
