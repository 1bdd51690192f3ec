import { AppError } from '../core/errors.ts';

/**
 * Refuses a change that a cookie vouches for unless this console's own page sent it: a browser says so in Sec-Fetch-Site
 * or Origin and no other site can make it lie. Throws `forbidden`. Bearer tokens need none of this, because no browser
 * adds them by itself.
 */
export function requireSameOrigin(request: Request): void {
  const site = request.headers.get('sec-fetch-site');
  if (site === 'same-origin') return;
  const origin = request.headers.get('origin');
  const host = request.headers.get('x-forwarded-host') ?? request.headers.get('host');
  if (site === null && origin !== null && host !== null && URL.parse(origin)?.host === host) return;
  throw new AppError('forbidden', 'this request did not come from the console itself', {
    hint: 'Use the console in this browser, or send an API token in an Authorization header instead of a cookie.',
  });
}
