/**
 * Where to go after signing in: a path of this origin, else `/`. Refuses other origins in every spelling a browser
 * accepts ("//host", "/\\host", "https:host"), and the sign-in page itself.
 */
export function safeCallback(wanted: string | null | undefined, origin: string): string {
  if (wanted === null || wanted === undefined || wanted === '') return '/';
  let url: URL;
  try {
    url = new URL(wanted, origin);
  } catch {
    return '/';
  }
  if (url.origin !== new URL(origin).origin) return '/';
  if (url.pathname === '/login' || url.pathname.startsWith('/api/')) return '/';
  const path = `${url.pathname}${url.search}${url.hash}`;
  // "/.//host" is same-origin for URL, yet its path alone would be read as another host.
  return path.startsWith('//') ? '/' : path;
}
