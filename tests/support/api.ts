import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encode } from 'next-auth/jwt';
import { processBackend, type Backend } from '#db/backend.ts';
import type { Catalogue } from '#db/client.ts';
import { PEER_HEADER } from '#lib/auth/client-address.ts';
import { sessionCookieName, sessionSecret } from '#lib/auth/session-token.ts';
import type { Actor, Role } from '#lib/core/actor.ts';
import { createToken } from '#lib/services/tokens.ts';
import { createUser } from '#lib/services/users.ts';
import { createCatalogue } from './catalogue.ts';
import { startPostgres, type TestPostgres } from './postgres.ts';

export const PASSWORD = 'correct horse battery';
export const CLI: Actor = { kind: 'cli', id: 'test', name: 'test', role: 'admin' };

type Handler = (request: Request, context: { params: Promise<never> }) => Promise<Response>;

export interface TestApi {
  readonly server: TestPostgres;
  readonly catalogue: Catalogue;
  readonly backend: Backend;
  /** Where local archives lie. */
  readonly folder: string;
  readonly tokens: Readonly<Record<Role, string>>;
  readonly users: Readonly<Record<Role, { readonly id: string; readonly email: string }>>;
  /** Calls a route handler as Next would; as admin by token unless told otherwise. */
  call(
    handler: unknown,
    method: string,
    path: string,
    options?: {
      readonly as?: Role | null;
      readonly params?: Readonly<Record<string, string>>;
      readonly json?: unknown;
      readonly body?: string;
      readonly headers?: Readonly<Record<string, string>>;
      readonly signal?: AbortSignal;
    },
  ): Promise<Response>;
  /** The cookie header of a session that began now. */
  cookie(userId: string, claims?: { readonly epoch?: number; readonly signedInAt?: number }): Promise<string>;
  close(): Promise<void>;
}

/** A catalogue of this file's own behind the real route handlers: they find it by the environment, as in production. */
export async function startApi(env: Readonly<Record<string, string>> = {}): Promise<TestApi> {
  const server = await startPostgres();
  const catalogue = await createCatalogue(server);
  const folder = mkdtempSync(join(tmpdir(), 'hf-api-'));
  Object.assign(process.env, {
    DATABASE_URL: catalogue.url.reveal(),
    HOLDFAST_SECRET: 'a secret of the tests that nobody else has',
    HOLDFAST_LOG_LEVEL: 'error',
    BACKUP_LOCAL_PATH: folder,
    BACKUP_TIMEZONE: 'UTC',
    BACKUP_MANUAL_INTERVAL_MINUTES: '60',
    PGDATABASE: 'ims_db',
    ...env,
  });
  const backend = processBackend();
  const tokenOf = async (role: Role): Promise<string> =>
    (await createToken(backend, CLI, { name: `${role} token`, role, expiresInDays: null })).token;
  const userOf = (role: Role) =>
    createUser(backend, CLI, { email: `${role}@example.test`, password: PASSWORD, role });
  const tokens = { admin: await tokenOf('admin'), viewer: await tokenOf('viewer') };
  const users = { admin: await userOf('admin'), viewer: await userOf('viewer') };
  return {
    server,
    catalogue,
    backend,
    folder,
    tokens,
    users,
    call: (handler, method, path, options = {}) => {
      const { as = 'admin', params = {}, json, headers = {}, signal } = options;
      const body = options.body ?? (json === undefined ? undefined : JSON.stringify(json));
      const request = new Request(`http://127.0.0.1:3000${path}`, {
        method,
        headers: {
          host: '127.0.0.1:3000',
          [PEER_HEADER]: '192.0.2.7',
          ...(as === null ? {} : { authorization: `Bearer ${tokens[as]}` }),
          ...headers,
        },
        ...(body === undefined ? {} : { body }),
        ...(signal === undefined ? {} : { signal }),
      });
      return (handler as Handler)(request, { params: Promise.resolve(params as never) });
    },
    cookie: async (userId, claims = {}) => {
      const token = await encode({
        secret: sessionSecret(backend.config),
        token: { userId, epoch: 1, signedInAt: Math.floor(Date.now() / 1000), ...claims },
      });
      return `${sessionCookieName(backend.config)}=${token}`;
    },
    close: async () => {
      await backend.close();
      await catalogue.close();
      await server[Symbol.asyncDispose]();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** A backup row as a worker would have left it. */
export async function addBackup(
  api: TestApi,
  values: {
    readonly status?: string;
    readonly tiers?: readonly string[];
    readonly destinations?: readonly string[];
    readonly ageHours?: number;
    readonly filename?: string;
    readonly sizeBytes?: number;
    readonly checksum?: string;
  } = {},
): Promise<string> {
  const tiers = values.tiers ?? ['MANUAL'];
  const [row] = await api.catalogue.raw<{ id: string }[]>`
    insert into backups (filename, type, tiers, destinations, status, size_bytes, checksum, created_at)
    values (${values.filename ?? 'ims_backup_2026-11-20_01-00.dump.zst'}, ${tiers[0] ?? 'MANUAL'},
            ${`{${tiers.join(',')}}`}::text::backup_tier[],
            ${`{${(values.destinations ?? ['local']).join(',')}}`}::text::destination[],
            ${values.status ?? 'COMPLETED'}, ${values.sizeBytes ?? 1000}, ${values.checksum ?? 'ab'.repeat(32)},
            now() - make_interval(secs => ${(values.ageHours ?? 0) * 3600}))
    returning id`;
  return row!.id;
}

export async function addCopy(
  api: TestApi,
  backupId: string,
  copy: { readonly destination: 'local' | 's3'; readonly key: string; readonly status?: string },
): Promise<void> {
  await api.catalogue.raw`
    insert into backup_copies (backup_id, destination, key, status, size_bytes)
    values (${backupId}, ${copy.destination}, ${copy.key}, ${copy.status ?? 'STORED'}, 1000)`;
}

/** The problem document of a refusal, checked to be one. */
export async function problemOf(
  response: Response,
): Promise<{ code: string; status: number; detail: string; hint?: string; errors?: { field: string }[] }> {
  if (response.headers.get('content-type') !== 'application/problem+json') {
    throw new Error(`no problem document: ${String(response.status)} ${await response.text()}`);
  }
  const problem = (await response.json()) as Awaited<ReturnType<typeof problemOf>> & { requestId: string };
  if (problem.status !== response.status) throw new Error('status of the document and the answer differ');
  if (problem.requestId !== response.headers.get('x-request-id')) throw new Error('request ids differ');
  return problem;
}
