import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import postgres from 'postgres';
import { POST as preview } from '#app/api/v1/admin/backup/[id]/restore/preview/route.ts';
import { POST as restore } from '#app/api/v1/admin/backup/[id]/restore/route.ts';
import { POST as cancel } from '#app/api/v1/admin/restores/[id]/cancel/route.ts';
import { GET as look } from '#app/api/v1/admin/restores/[id]/look/route.ts';
import { GET as read } from '#app/api/v1/admin/restores/[id]/route.ts';
import { POST as swap } from '#app/api/v1/admin/restores/[id]/swap/route.ts';
import { POST as undo } from '#app/api/v1/admin/restores/[id]/undo/route.ts';
import { writeConsoleSettings } from '#db/queries/setting.ts';
import { Restore, RestoreAccepted, RestoreLook, RestorePreview } from '#lib/contracts/restore.ts';
import { DEFAULT_SETTINGS } from '#lib/contracts/settings.ts';
import type { EngineDeps } from '#lib/engine/deps.ts';
import { startApi, type TestApi } from './api.ts';
import { backupWhere, isOver, queueBackup } from './backups.ts';
import { startPostgres, type TestPostgres } from './postgres.ts';
import { eventually, startWorkerProcess, type WorkerProcess } from './worker.ts';

const SHOP = `
  create role seller nologin;
  create table customers (id integer generated always as identity primary key, name text not null);
  create table orders (id serial primary key, customer_id integer not null references customers, state text not null);
  create index orders_state on orders (state);
  create view open_orders as select * from orders where state = 'open';
  insert into customers (name) select 'customer ' || n from generate_series(1, 200) n;
  insert into orders (customer_id, state) select 1 + n % 200, 'open' from generate_series(1, 2000) n;
  alter table orders owner to seller;
  grant select on customers to seller;`;

/** The body of a request, whatever is in it; the typed name and a reason are added. */
interface RequestedRestore {
  readonly targetDatabase: string;
  readonly [field: string]: unknown;
}

/** A console's routes, a server with the database `shop`, and a backup of it. */
export interface RestoreApi extends AsyncDisposable {
  readonly api: TestApi;
  readonly source: TestPostgres;
  /** What a worker process of this installation needs. */
  readonly environment: Readonly<Record<string, string>>;
  /** A worker process, once it is ready. */
  startWorker(): Promise<WorkerProcess>;
  /** Takes a backup of `shop`, or of another source; a worker must be running. */
  backUp(sourceId?: string): Promise<string>;
  preview(backupId: string, plan: object): Promise<RestorePreview>;
  ask(backupId: string, request: RequestedRestore): Promise<Response>;
  /** Asks, and expects to be accepted. */
  start(backupId: string, request: RequestedRestore): Promise<string>;
  act(what: 'cancel' | 'swap' | 'undo', id: string, confirm?: string, more?: object): Promise<Response>;
  look(id: string, query?: string): Promise<RestoreLook>;
  read(id: string): Promise<Restore>;
  /** Resolves with the restore once `wanted` says so. */
  until(id: string, wanted: (restore: Restore) => boolean): Promise<Restore>;
  /** Resolves once it is over, or waits for a person. */
  ended(id: string): Promise<Restore>;
  /** Databases of the source's server but the server's own, sorted. */
  databases(): Promise<readonly string[]>;
  actions(id: string): Promise<readonly string[]>;
}

const isEnded = ({ status, progress }: Restore): boolean =>
  status !== 'IN_PROGRESS' || progress?.phase === 'ready';

export async function startRestoreApi(
  environment: Readonly<Record<string, string>> = {},
): Promise<RestoreApi> {
  const source = await startPostgres();
  const folder = mkdtempSync(join(tmpdir(), 'hf-restores-'));
  await source.createDatabase('shop');
  await source.sql('shop', SHOP);
  const env = {
    PGHOST: '127.0.0.1',
    PGPORT: String(source.port),
    PGUSER: 'postgres',
    PGPASSWORD: 'postgres',
    PGDATABASE: 'shop',
    HOLDFAST_DATA_DIR: join(folder, 'data'),
    BACKUP_ENABLED: 'false',
    HOLDFAST_LOG_LEVEL: 'warn',
    ...environment,
  };
  const api = await startApi(env);
  const { backend } = api;
  await backend.db.transaction((tx) =>
    writeConsoleSettings(tx, {
      ...DEFAULT_SETTINGS,
      verification: { ...DEFAULT_SETTINGS.verification, restore: 'off', scrubDays: 0 },
    }),
  );
  const post = (handler: unknown, id: string, json: object): Promise<Response> =>
    api.call(handler, 'POST', '/x', { params: { id }, json });
  const parsed = async (response: Response, status: number): Promise<unknown> => {
    const body: unknown = await response.json();
    if (response.status !== status) throw new Error(`${String(response.status)} ${JSON.stringify(body)}`);
    return body;
  };
  const ask: RestoreApi['ask'] = (backupId, request) =>
    post(restore, backupId, { confirm: request.targetDatabase, reason: 'rows were deleted', ...request });
  const readOne = async (id: string): Promise<Restore> =>
    Restore.strict().parse(await parsed(await api.call(read, 'GET', '/x', { params: { id } }), 200));
  const until: RestoreApi['until'] = (id, wanted) => {
    let last: Restore | undefined;
    return eventually(
      async () => {
        last = await readOne(id);
        return wanted(last) && last;
      },
      () => JSON.stringify(last),
      90_000,
    );
  };
  const acts = { cancel, swap, undo };
  const ofWorker = {
    ...env,
    DATABASE_URL: backend.config.databaseUrl?.reveal() ?? '',
    BACKUP_LOCAL_PATH: api.folder,
    BACKUP_TIMEZONE: 'UTC',
  };
  return {
    api,
    source,
    environment: ofWorker,
    startWorker: async () => {
      const started = startWorkerProcess({ ...ofWorker, HOLDFAST_LOG_LEVEL: 'info' });
      await started.until('worker is ready');
      return started;
    },
    backUp: async (sourceId) => {
      const deps = { db: backend.db, queue: await backend.queue() } as unknown as EngineDeps;
      const id = await queueBackup(deps, sourceId === undefined ? {} : { sourceId });
      const backup = await backupWhere(api.catalogue.raw, id, isOver);
      if (backup.status !== 'COMPLETED') throw new Error(JSON.stringify(backup));
      return id;
    },
    preview: async (backupId, plan) =>
      RestorePreview.strict().parse(await parsed(await post(preview, backupId, plan), 200)),
    ask,
    start: async (backupId, request) =>
      RestoreAccepted.strict().parse(await parsed(await ask(backupId, request), 202)).id,
    act: (what, id, confirm, more = {}) =>
      post(acts[what], id, confirm === undefined ? more : { confirm, ...more }),
    look: async (id, query = '') =>
      RestoreLook.strict().parse(
        await parsed(await api.call(look, 'GET', `/x${query}`, { params: { id } }), 200),
      ),
    read: readOne,
    until,
    ended: (id) => until(id, isEnded),
    databases: async () => {
      const rows = await source.sql<{ name: string }>(
        'postgres',
        `select datname as name from pg_database
         where datname not in ('postgres', 'template0', 'template1') order by datname collate "C"`,
      );
      return rows.map(({ name }) => name);
    },
    actions: async (id) => {
      const rows = await api.catalogue.raw<{ action: string }[]>`
        select action from audit_entries where subject_id = ${id} order by id`;
      return rows.map(({ action }) => action);
    },
    [Symbol.asyncDispose]: async () => {
      await api.close();
      await source[Symbol.asyncDispose]();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Rows of `orders`, as a client sees them that connects anew. */
export async function ordersOf(source: TestPostgres, database: string): Promise<number> {
  const sql = postgres({
    host: '127.0.0.1',
    port: source.port,
    user: 'postgres',
    password: 'postgres',
    database,
    max: 1,
    connect_timeout: 5,
    // Else a refused connection is an error nobody waits for.
    fetch_types: false,
  });
  try {
    const [row] = await sql<{ rows: number }[]>`select count(*)::int as rows from orders`;
    return row?.rows ?? -1;
  } finally {
    await sql.end({ timeout: 1 });
  }
}
