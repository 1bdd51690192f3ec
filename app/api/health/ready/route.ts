import { Ready } from '#lib/contracts/overview.ts';
import { jsonResponse, respond } from '#lib/http/respond.ts';
import { readReadiness } from '#lib/services/overview.ts';

/** 200 when the catalogue and a worker are there, else 503 saying which is not. For everyone: it tells nothing else. */
export const GET = (request: Request): Promise<Response> =>
  respond(request, async ({ backend, requestId }) => {
    const ready = Ready.parse(await readReadiness(backend));
    return jsonResponse(ready, ready.status === 'ready' ? 200 : 503, requestId);
  });
