import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import postgres from 'postgres';
import { migrateCatalogue } from '#db/migrate.ts';
import type { Role } from '#lib/core/actor.ts';
import type { Secret } from '#lib/core/secret.ts';
import { WORKER_COMMAND } from '#lib/platform/worker-command.ts';
import { buildWeb } from '#scripts/dev/build.ts';
import { startLogged, type LoggedProcess } from './logged-process.ts';
import { freePort, startPostgres, type TestPostgres } from './postgres.ts';
import { ROOT } from './temporary-tree.ts';

export interface Person {
  readonly email: string;
  readonly password: string;
}

export interface TestConsole {
  readonly origin: string;
  readonly server: TestPostgres;
  /** The application database that is backed up. */
  readonly application: Secret;
  readonly catalogue: Secret;
  readonly admin: Person;
  readonly viewer: Person;
  /** A new bearer token. */
  token(role: Role): string;
  /** What web and worker printed, for a failed test. */
  log(): string;
  [Symbol.asyncDispose](): Promise<void>;
}

const application = `
  create type order_state as enum ('open', 'shipped');
  create table customers (id integer generated always as identity primary key, name text not null, photo bytea);
  create table orders (
    id integer generated always as identity primary key,
    customer_id integer not null references customers,
    state order_state not null,
    details jsonb not null
  );
  create view open_orders as select * from orders where state = 'open';
  insert into customers (name, photo)
    select 'customer ' || n, decode(repeat(md5(n::text), 8), 'hex') from generate_series(1, 2000) n;
  insert into orders (customer_id, state, details)
    select 1 + n % 2000, (array['open', 'shipped'])[1 + n % 2]::order_state, jsonb_build_object('lines', n % 7)
    from generate_series(1, 20000) n;`;

/** Rows of every table of ours in a database, by `schema.table`. */
export async function countRows(url: Secret): Promise<Record<string, number>> {
  const sql = postgres(url.reveal(), { max: 1, connect_timeout: 5 });
  try {
    const tables = await sql<{ schema: string; name: string }[]>`
      select schemaname as schema, tablename as name from pg_tables
      where schemaname not in ('pg_catalog', 'information_schema') order by 1, 2`;
    const counts: Record<string, number> = {};
    for (const { schema, name } of tables) {
      const [row] = await sql<
        { rows: number }[]
      >`select count(*)::int as rows from ${sql(schema)}.${sql(name)}`;
      counts[`${schema}.${name}`] = row?.rows ?? -1;
    }
    return counts;
  } finally {
    await sql.end({ timeout: 5 });
  }
}

/** Resolves once `/api/health/ready` answers 200. */
export async function waitUntilReady(origin: string, processes: readonly LoggedProcess[]): Promise<void> {
  let last = 'no answer';
  for (const end = Date.now() + 60_000; Date.now() < end;) {
    try {
      const response = await fetch(`${origin}/api/health/ready`, { signal: AbortSignal.timeout(5000) });
      if (response.status === 200) return;
      last = `${String(response.status)} ${await response.text()}`;
    } catch (error) {
      last = String(error);
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`the console was not ready (${last}):\n${processes.map((each) => each.log()).join('\n')}`);
}

/** A whole console: own PostgreSQL, production build, web and worker on free ports, an administrator and a viewer. */
export async function startConsole(env: Readonly<Record<string, string>> = {}): Promise<TestConsole> {
  await using stack = new AsyncDisposableStack();
  const folder = mkdtempSync(join(tmpdir(), 'hf-console-'));
  stack.defer(() => {
    rmSync(folder, { recursive: true, force: true });
  });
  const server = stack.use(await startPostgres());
  const catalogue = await server.createDatabase('holdfast');
  const source = await server.createDatabase('shop');
  await server.sql('shop', application);
  await migrateCatalogue(catalogue);

  const port = await freePort();
  const origin = `http://127.0.0.1:${String(port)}`;
  const environment: Record<string, string> = {
    PATH: process.env['PATH'] ?? '',
    HOME: process.env['HOME'] ?? folder,
    NODE_ENV: 'production',
    NEXT_TELEMETRY_DISABLED: '1',
    HOLDFAST_SECRET: randomBytes(32).toString('hex'),
    HOLDFAST_DATA_DIR: join(folder, 'data'),
    DATABASE_URL: catalogue.reveal(),
    PORT: String(port),
    PGHOST: '127.0.0.1',
    PGPORT: String(server.port),
    PGUSER: 'postgres',
    PGPASSWORD: 'postgres',
    PGDATABASE: 'shop',
    BACKUP_LOCAL_PATH: join(folder, 'backups'),
    BACKUP_MANUAL_INTERVAL_MINUTES: '0',
    // A slot that came due in the middle of a test would take a backup nobody asked for.
    BACKUP_ENABLED: 'false',
    ...env,
  };
  mkdirSync(join(folder, 'data'));
  await buildWeb({
    root: ROOT,
    env: environment as NodeJS.ProcessEnv,
    logFile: join(folder, 'build.log'),
    say: () => undefined,
    signal: AbortSignal.timeout(280_000),
  });
  const cli = (args: readonly string[], input = ''): string =>
    execFileSync(process.execPath, ['scripts/cli.ts', ...args], {
      cwd: ROOT,
      env: environment as NodeJS.ProcessEnv,
      input,
      encoding: 'utf8',
      stdio: ['pipe', 'pipe', 'inherit'],
    }).trim();
  const make = (role: Role): Person => {
    const person = { email: `${role}@example.test`, password: randomBytes(12).toString('hex') };
    cli(
      ['user', 'create', '--email', person.email, '--role', role, '--password-stdin'],
      `${person.password}\n`,
    );
    return person;
  };
  const admin = make('admin');
  const viewer = make('viewer');

  const start = (args: readonly string[], more: Readonly<Record<string, string>> = {}): LoggedProcess => {
    const started = startLogged([process.execPath, ...args], { cwd: ROOT, env: { ...environment, ...more } });
    stack.defer(async () => {
      await started.stop(20_000);
    });
    return started;
  };
  const worker = start([...WORKER_COMMAND.nodeArgs, WORKER_COMMAND.script], WORKER_COMMAND.env);
  const web = start(['node_modules/next/dist/bin/next', 'start', '-H', '127.0.0.1', '-p', String(port)]);
  await waitUntilReady(origin, [worker, web]);

  const owned = stack.move();
  let tokens = 0;
  return {
    origin,
    server,
    application: source,
    catalogue,
    admin,
    viewer,
    token: (role) => {
      tokens += 1;
      return cli(['token', 'create', '--name', `test ${String(tokens)}`, '--role', role]);
    },
    log: () => `web:\n${web.log()}\nworker:\n${worker.log()}`,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}
