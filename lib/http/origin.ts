import type { Config } from '../platform/config.ts';

/** Where this console was reached: NEXTAUTH_URL if set, else what the request says. */
export function originOf(request: Request, config: Pick<Config, 'publicUrl'>): string {
  if (config.publicUrl !== null) return new URL(config.publicUrl).origin;
  const { headers, url } = request;
  const host = headers.get('x-forwarded-host') ?? headers.get('host') ?? new URL(url).host;
  const isSecure = headers.get('x-forwarded-proto') === 'https';
  return URL.parse(`${isSecure ? 'https' : 'http'}://${host}`)?.origin ?? new URL(url).origin;
}
