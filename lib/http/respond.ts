import { randomUUID } from 'node:crypto';
import { AppError, ERRORS, toAppError } from '../core/errors.ts';
import { processBackend, type Backend } from '#db/backend.ts';
import { translateCatalogueError } from '#db/errors.ts';
import { retryAfterSeconds, toProblem } from './problem.ts';

export interface Responding {
  readonly backend: Backend;
  readonly requestId: string;
}

/** No answer of the API may be kept by a cache between here and the person it was meant for. */
const COMMON_HEADERS = { 'Cache-Control': 'private, no-store' };

export function jsonResponse(body: unknown, status: number, requestId: string): Response {
  return Response.json(body, { status, headers: { ...COMMON_HEADERS, 'X-Request-Id': requestId } });
}

function problemResponse(error: AppError, requestId: string): Response {
  const problem = toProblem(error, requestId);
  const wait = retryAfterSeconds(error);
  return new Response(JSON.stringify(problem), {
    status: problem.status,
    headers: {
      ...COMMON_HEADERS,
      'Content-Type': 'application/problem+json',
      'X-Request-Id': requestId,
      ...(wait === null ? {} : { 'Retry-After': String(wait) }),
      ...(problem.status === 401 ? { 'WWW-Authenticate': 'Bearer realm="holdfast"' } : {}),
    },
  });
}

/** Runs a route's body; whatever it throws becomes a problem document, and a line in the log. */
export async function respond(
  request: Request,
  body: (responding: Responding) => Promise<Response>,
): Promise<Response> {
  const requestId = randomUUID();
  const backend = processBackend();
  // The query is left out of the log: a download link's signature stands in it.
  const log = backend.log.child({ requestId, method: request.method, path: new URL(request.url).pathname });
  try {
    const response = await body({ backend, requestId });
    log.debug('answered', { status: response.status });
    return response;
  } catch (thrown) {
    const error = toAppError(translateCatalogueError(thrown));
    if (ERRORS[error.code].http >= 500) log.error('a request failed', { code: error.code, error });
    else log.info('a request was refused', { code: error.code });
    return problemResponse(error, requestId);
  }
}
