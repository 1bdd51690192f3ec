/** Set by instrumentation.ts from the socket, over whatever the client sent under this name. */
export const PEER_HEADER = 'x-holdfast-peer';

/**
 * The client's address, for the throttle and the audit log: the socket's. X-Forwarded-For is whatever a client cares to
 * write, so it counts only with HOLDFAST_TRUST_PROXY=true, and then only its last entry, which our own proxy added.
 */
export function clientAddress(headers: Headers, isProxyTrusted: boolean): string | undefined {
  const peer = headers.get(PEER_HEADER) ?? undefined;
  const forwarded = isProxyTrusted ? headers.get('x-forwarded-for')?.split(',').at(-1)?.trim() : undefined;
  return (forwarded === '' ? undefined : forwarded) ?? peer;
}
