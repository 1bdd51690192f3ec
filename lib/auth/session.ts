import { cache } from 'react';
import { cookies, headers } from 'next/headers';
import type { Actor } from '../core/actor.ts';
import { AppError, toAppError } from '../core/errors.ts';
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
    backend.log.error('who looks at a page could not be read', { error });
    // Next prints what a page throws with all its causes, and a query's parameters are among them.
    const { code, message, hint } = toAppError(translateCatalogueError(error));
    throw new AppError(code, message, { hint });
  }
});
