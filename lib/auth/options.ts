import type { NextAuthOptions } from 'next-auth';
import Credentials from 'next-auth/providers/credentials';
import { throttledError, UNAVAILABLE_ERROR } from '../contracts/sign-in.ts';
import { processBackend, type Backend } from '#db/backend.ts';
import { clientAddress } from './client-address.ts';
import { actorOfClaims } from './session-actor.ts';
import {
  claimsOf,
  hasSecureCookies,
  SESSION_IDLE_SECONDS,
  sessionCookieName,
  sessionSecret,
} from './session-token.ts';
import { signIn } from './sign-in.ts';

function createOptions(backend: Backend): NextAuthOptions {
  const { config, log } = backend;
  const isSecure = hasSecureCookies(config);
  return {
    secret: sessionSecret(config),
    session: { strategy: 'jwt', maxAge: SESSION_IDLE_SECONDS },
    useSecureCookies: isSecure,
    cookies: {
      sessionToken: {
        name: sessionCookieName(config),
        options: { httpOnly: true, sameSite: 'lax', path: '/', secure: isSecure },
      },
    },
    pages: { signIn: '/login', error: '/login', signOut: '/login' },
    providers: [
      Credentials({
        credentials: { email: { type: 'email' }, password: { type: 'password' } },
        authorize: async (credentials, request) => {
          const headers = new Headers();
          for (const [name, value] of Object.entries((request.headers ?? {}) as Record<string, unknown>)) {
            if (typeof value === 'string') headers.set(name, value);
          }
          let outcome;
          try {
            outcome = await signIn(
              backend,
              { email: credentials?.email, password: credentials?.password },
              clientAddress(headers, config.isProxyTrusted),
            );
          } catch (error) {
            // next-auth shows a thrown message to the browser, and drizzle's holds the query's parameters.
            log.error('a sign-in failed', { error });
            throw new Error(UNAVAILABLE_ERROR);
          }
          if (outcome.kind === 'throttled') throw new Error(throttledError(outcome.retryAfterSeconds));
          if (outcome.kind === 'refused') return null;
          const { id, email, sessionEpoch } = outcome.user;
          return { id, email, sessionEpoch };
        },
      }),
    ],
    callbacks: {
      jwt: async ({ token, user }) => {
        // Only a sign-in brings a user; its type here knows nothing of what authorize returned.
        const signedIn = user as { id: string; email: string; sessionEpoch: number } | undefined;
        if (signedIn !== undefined) {
          return {
            email: signedIn.email,
            userId: signedIn.id,
            epoch: signedIn.sessionEpoch,
            signedInAt: Math.floor(backend.clock.now().getTime() / 1000),
          };
        }
        // next-auth answers a throw here by removing the cookie.
        if ((await actorOfClaims(backend, claimsOf(token, backend.clock.now()))) === null) {
          throw new Error('the session is over');
        }
        return token;
      },
      session: ({ session, token }) => ({ ...session, user: { email: token.email ?? '' } }),
    },
    logger: {
      error: (code, metadata) => {
        if (code === 'JWT_SESSION_ERROR') log.info('a session ended', { code });
        else log.error('next-auth reported an error', { code, error: metadata });
      },
      warn: (code) => {
        log.debug('next-auth warned', { code });
      },
      debug: () => undefined,
    },
  };
}

/** next-auth over this process's catalogue; throws `config` without HOLDFAST_SECRET. */
export const authOptions = (): NextAuthOptions => createOptions(processBackend());
