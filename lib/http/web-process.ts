import { subscribe } from 'node:diagnostics_channel';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { PEER_HEADER } from '../auth/client-address.ts';
import { LENGTH_HEADER } from './length-header.ts';
import { ERRORS, toAppError } from '../core/errors.ts';
import { letNextAuthFollowTheRequest, loadConfig, needDatabaseUrl, needSecret } from '../platform/config.ts';
import { createLogger } from '../platform/logger.ts';

/** Next drops a route's Content-Length; without it no browser can tell how much of a download is left. */
function restoreLength(response: ServerResponse): void {
  const writeHead = response.writeHead.bind(response) as (...args: unknown[]) => ServerResponse;
  response.writeHead = (...args: unknown[]) => {
    const length = response.getHeader(LENGTH_HEADER);
    if (length !== undefined) {
      response.removeHeader(LENGTH_HEADER);
      response.setHeader('Content-Length', length);
    }
    return writeHead(...args);
  };
}

const slot = globalThis as typeof globalThis & { holdfastIsPrepared?: true };

function requireConfig(): void {
  try {
    const config = loadConfig();
    needDatabaseUrl(config);
    needSecret(config);
  } catch (thrown) {
    const error = toAppError(thrown);
    createLogger('error', { process: 'web' }).error(error.message, { error, hint: error.hint });
    // Next only logs what is thrown here, and would go on and answer every request with 500.
    process.exit(ERRORS[error.code].exit);
  }
}

/**
 * Before the first request: ends the process on a configuration that cannot work, and arranges what Next keeps from its
 * routes. It shows them no socket, and X-Forwarded-For as the client sent it: so each connection's address goes into a
 * header of its own.
 */
export function prepareWebProcess(): void {
  requireConfig();
  letNextAuthFollowTheRequest();
  if (slot.holdfastIsPrepared === true) return;
  slot.holdfastIsPrepared = true;
  subscribe('http.server.request.start', (message) => {
    const { request, response } = message as {
      readonly request: IncomingMessage;
      readonly response: ServerResponse;
    };
    request.headers[PEER_HEADER] = request.socket.remoteAddress ?? '';
    if (request.url?.startsWith('/api/v1/download/') === true) restoreLength(response);
  });
}
