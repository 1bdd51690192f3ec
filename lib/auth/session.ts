import { cache } from 'react';
import { cookies, headers } from 'next/headers';
import type { Actor } from '../core/actor.ts';
import { processBackend } from '#db/backend.ts';
import { translateCatalogueError } from '#db/errors.ts';
import { clientAddress } from './client-address.ts';
import { actorOfSessionCookie } from './session-actor.ts';
import { sessionCookieName } from './session-token.ts';

/** Who looks at this page, for server components and actions; null when nobody is signed in. Throws `catalogue_down`. */
export const currentActor = cache(async (): Promise<Actor | null> => {
  const jar = await cookies();
  const head = await headers();
  const backend = processBackend();
  try {
    const actor = await actorOfSessionCookie(backend, jar.get(sessionCookieName(backend.config))?.value);
    if (actor === null) return null;
    return { ...actor, address: clientAddress(new Headers(head), backend.config.isProxyTrusted) };
  } catch (error) {
    throw translateCatalogueError(error);
  }
});
