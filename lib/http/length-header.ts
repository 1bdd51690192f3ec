/** Carries Content-Length past Next, which drops it; lib/http/web-process.ts turns it back. */
export const LENGTH_HEADER = 'x-holdfast-length';
