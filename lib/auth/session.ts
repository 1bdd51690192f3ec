import { cache } from 'react';
import { cookies, headers } from 'next/headers';
import type { Actor } from '../core/actor.ts';
import { processBackend, type Backend } from '#db/backend.ts';
import { translateCatalogueError } from '#db/errors.ts';
import { findUser } from '#db/queries/user.ts';
import { clientAddress } from './client-address.ts';
import { readSessionCookie, sessionCookieName } from './session-token.ts';

/** The actor of a session cookie, as the database knows the user now: null when disabled, gone or signed out. */
export async function actorOfSessionCookie(
  backend: Backend,
  value: string | undefined,
): Promise<Actor | null> {
  const claims = await readSessionCookie(value, backend.config, backend.clock.now());
  if (claims === null) return null;
  const user = await findUser(backend.db, claims.userId);
  if (user === null || user.isDisabled || user.sessionEpoch !== claims.epoch) return null;
  return { kind: 'user', id: user.id, name: user.email, role: user.role };
}

/** Who looks at this page, for server components and actions; null when nobody is signed in. Throws `catalogue_down`. */
export const currentActor = cache(async (): Promise<Actor | null> => {
  const [jar, head] = [await cookies(), await headers()];
  const backend = processBackend();
  try {
    const actor = await actorOfSessionCookie(backend, jar.get(sessionCookieName(backend.config))?.value);
    return actor === null
      ? null
      : { ...actor, address: clientAddress(new Headers(head), backend.config.isProxyTrusted) };
  } catch (error) {
    throw translateCatalogueError(error);
  }
});
