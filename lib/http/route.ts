import { z } from 'zod';
import type { Actor } from '../core/actor.ts';
import { AppError } from '../core/errors.ts';
import { authenticate } from '../auth/authenticate.ts';
import type { Backend } from '#db/backend.ts';
import { InvalidInput, invalidInput } from './problem.ts';
import { jsonResponse, respond } from './respond.ts';
import { requireSameOrigin } from './same-origin.ts';

export interface RouteSpec<
  Params extends z.ZodType,
  Query extends z.ZodType,
  Body extends z.ZodType,
  Output extends z.ZodType,
> {
  readonly can: (actor: Actor) => boolean;
  readonly params?: Params;
  readonly query?: Query;
  readonly body?: Body;
  readonly output: Output;
  /** Default 200. */
  readonly status?: number;
  /** Of a handler that answers with a Response of its own; default `application/json`. */
  readonly contentType?: string;
}

interface RouteInput<Params, Query, Body> {
  readonly params: Params;
  readonly query: Query;
  readonly body: Body;
}

interface RouteContext {
  readonly backend: Backend;
  readonly actor: Actor;
  readonly request: Request;
}

interface RouteHandler {
  (request: Request, context: { readonly params: Promise<Record<string, string>> }): Promise<Response>;
  /** What it takes and answers: docs/openapi.json is written from it. */
  readonly spec: RouteSpec<z.ZodType, z.ZodType, z.ZodType, z.ZodType>;
}

const NOTHING = z.strictObject({});
/** Larger than any body the API knows. */
const BODY_LIMIT_BYTES = 1024 * 1024;

async function readJson(request: Request): Promise<unknown> {
  const tooLarge = () =>
    new AppError('usage', 'the body is too large', {
      hint: `Send at most ${BODY_LIMIT_BYTES} bytes.`,
    });
  if (Number(request.headers.get('content-length') ?? 0) > BODY_LIMIT_BYTES) throw tooLarge();
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of request.body ?? []) {
    length += chunk.byteLength;
    if (length > BODY_LIMIT_BYTES) throw tooLarge();
    chunks.push(chunk);
  }
  const text = Buffer.concat(chunks).toString('utf8').trim();
  if (text === '') return {};
  try {
    return JSON.parse(text) as unknown;
  } catch (cause) {
    throw new AppError('usage', 'the body is not JSON', {
      hint: 'Send a JSON object with Content-Type: application/json, or no body at all.',
      cause,
    });
  }
}

/** A name given twice stays a list, which no schema of ours accepts, so that neither value wins silently. */
function queryOf(request: Request): Record<string, string | string[]> {
  const query: Record<string, string | string[]> = {};
  const { searchParams } = new URL(request.url);
  for (const name of new Set(searchParams.keys())) {
    const values = searchParams.getAll(name);
    query[name] = values.length === 1 ? (values[0] ?? '') : values;
  }
  return query;
}

/** Parses all parts before refusing, so that one answer names every wrong field. */
function parseInput<Params extends z.ZodType, Query extends z.ZodType, Body extends z.ZodType>(
  schemas: { readonly params: Params; readonly query: Query; readonly body: Body },
  raw: { readonly params: unknown; readonly query: unknown; readonly body: unknown },
): RouteInput<z.output<Params>, z.output<Query>, z.output<Body>> {
  const params = schemas.params.safeParse(raw.params);
  const query = schemas.query.safeParse(raw.query);
  const body = schemas.body.safeParse(raw.body);
  if (params.success && query.success && body.success) {
    return { params: params.data, query: query.data, body: body.data };
  }
  throw new InvalidInput(
    [params, query, body].flatMap((part) => (part.success ? [] : invalidInput(part.error).issues)),
  );
}

/**
 * A route of the API: who is it (401), may they (403), did our own page send it (403, for a cookie's changes), is the
 * input right (400 not JSON, 422 not what the schema says), do it, check the answer. Errors become problem documents.
 * An empty body counts as `{}`. A handler may answer with a Response of its own.
 */
export function route<
  Output extends z.ZodType,
  Params extends z.ZodType = typeof NOTHING,
  Query extends z.ZodType = typeof NOTHING,
  Body extends z.ZodType = typeof NOTHING,
>(
  spec: RouteSpec<Params, Query, Body, Output>,
  handler: (
    context: RouteContext,
    input: RouteInput<z.output<Params>, z.output<Query>, z.output<Body>>,
  ) => Promise<z.input<Output> | Response>,
): RouteHandler {
  const handle = (request: Request, context: { readonly params: Promise<Record<string, string>> }) =>
    respond(request, async ({ backend, requestId }) => {
      const who = await authenticate(request, backend);
      if (who === null) {
        throw new AppError('unauthenticated', 'sign in or send a valid token', {
          hint: 'Send "Authorization: Bearer hf_…" with a token that is neither expired nor revoked, or sign in again.',
        });
      }
      if (!spec.can(who.actor)) {
        throw new AppError('forbidden', 'this needs an administrator', {
          hint: 'Use an account or token with the role admin.',
        });
      }
      const isChange = request.method !== 'GET' && request.method !== 'HEAD';
      if (isChange && who.by === 'cookie') requireSameOrigin(request);
      const input = parseInput(
        { params: spec.params ?? NOTHING, query: spec.query ?? NOTHING, body: spec.body ?? NOTHING },
        {
          // Next gives a route without dynamic segments no params at all.
          params: ((await context.params) as Record<string, string> | undefined) ?? {},
          query: queryOf(request),
          body: isChange ? await readJson(request) : {},
        },
      ) as RouteInput<z.output<Params>, z.output<Query>, z.output<Body>>;
      const actor = { ...who.actor, requestId };
      const result = await handler({ backend, actor, request }, input);
      if (result instanceof Response) {
        result.headers.set('X-Request-Id', requestId);
        return result;
      }
      return jsonResponse(spec.output.parse(result), spec.status ?? 200, requestId);
    });
  return Object.assign(handle, { spec });
}
