import type { Actor } from '../core/actor.ts';
import type { Backend } from '#db/backend.ts';
import { actorOfToken } from './api-token.ts';
import { clientAddress } from './client-address.ts';
import { actorOfSessionCookie } from './session-actor.ts';
import { sessionCookieName } from './session-token.ts';

const cookieOf = (headers: Headers, name: string): string | undefined => {
  for (const part of headers.get('cookie')?.split(';') ?? []) {
    const [key, ...value] = part.split('=');
    if (key?.trim() === name) return value.join('=').trim();
  }
  return undefined;
};

/**
 * Who sends this request: a bearer token where an Authorization header is present (then no cookie counts), else the
 * session cookie; null when neither is good.
 */
export async function authenticate(
  request: Request,
  backend: Backend,
): Promise<{ readonly actor: Actor; readonly by: 'token' | 'cookie' } | null> {
  const address = clientAddress(request.headers, backend.config.isProxyTrusted);
  const authorization = request.headers.get('authorization');
  if (authorization !== null) {
    const actor = await actorOfToken(backend, /^Bearer +(\S+)$/i.exec(authorization)?.[1] ?? '');
    return actor === null ? null : { actor: { ...actor, address }, by: 'token' };
  }
  const actor = await actorOfSessionCookie(
    backend,
    cookieOf(request.headers, sessionCookieName(backend.config)),
  );
  return actor === null ? null : { actor: { ...actor, address }, by: 'cookie' };
}
