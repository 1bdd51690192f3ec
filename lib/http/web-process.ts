import { subscribe } from 'node:diagnostics_channel';
import type { IncomingMessage } from 'node:http';
import { PEER_HEADER } from '../auth/client-address.ts';
import { letNextAuthFollowTheRequest, loadConfig, needDatabaseUrl, needSecret } from '../platform/config.ts';

const slot = globalThis as typeof globalThis & { holdfastIsPrepared?: true };

/**
 * Before the first request: refuses to start on a configuration that cannot work, and writes each connection's address
 * into a header of its own. Next shows a route no socket, and takes X-Forwarded-For as the client sent it.
 */
export function prepareWebProcess(): void {
  const config = loadConfig();
  needDatabaseUrl(config);
  needSecret(config);
  letNextAuthFollowTheRequest();
  if (slot.holdfastIsPrepared === true) return;
  slot.holdfastIsPrepared = true;
  subscribe('http.server.request.start', (message) => {
    const { request } = message as { readonly request: IncomingMessage };
    request.headers[PEER_HEADER] = request.socket.remoteAddress ?? '';
  });
}
