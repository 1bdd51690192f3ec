import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { migrateCatalogue } from '#db/migrate.ts';
import { AppError, toAppError } from '#lib/core/errors.ts';
import { Secret } from '#lib/core/secret.ts';
import { parseConfig } from '#lib/platform/config.ts';
import { WORKER_COMMAND } from '#lib/platform/worker-command.ts';
import { loadDemoDatabase } from '../demo/load.ts';
import { loadDotEnv, readEnvFile, ROOT } from '../load-env.ts';
import { printError } from '../print-error.ts';
import { namesApplicationDatabase } from './application-database.ts';
import { buildWeb } from './build.ts';
import { formatEnv, newSecret, openDataFolder, writePrivateFile, type DataFolder } from './data-folder.ts';
import { ensureDatabase, startEmbeddedCluster, type EmbeddedCluster } from './embedded-cluster.ts';
import { ensureFirstAdmin, readAdminWish } from './first-admin.ts';
import { identityOf } from '#lib/tools/process-identity.ts';
import { superviseService, type Service } from './supervise.ts';

const say = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

/** Why everything stops: asked to (null), or because something cannot go on. */
const stopping = new AbortController();
let failure: AppError | null = null;
function stopBecause(error: AppError | null): void {
  if (stopping.signal.aborted) return;
  failure = error;
  stopping.abort();
}
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  // Every later signal is the same wish again: each stop below has a limit of its own.
  process.on(name, () => {
    stopBecause(null);
  });
}
// postgres.js throws outside of any promise when a server goes away under a pending write (connection.js, nextWrite).
process.on('uncaughtException', (error) => {
  stopBecause(toAppError(error));
});
const parent = process.ppid;
setInterval(() => {
  // Whoever started this was killed and could not pass it on.
  if (process.ppid !== parent) stopBecause(null);
}, 1000).unref();

function checkPort(port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', (error: NodeJS.ErrnoException) => {
      const reason =
        error.code === 'EADDRINUSE' ? 'is taken by another program' : `cannot be used (${error.code ?? ''})`;
      reject(
        new AppError('config', `port ${String(port)} ${reason}`, {
          hint: `Stop that program, or choose another port: PORT=${String(port + 1)} npm run quickstart`,
          fields: { variable: 'PORT' },
        }),
      );
    });
    probe.listen(port, () => {
      probe.close(() => {
        resolve();
      });
    });
  });
}

async function waitUntilReady(port: number): Promise<void> {
  let last = 'no answer yet';
  for (let waitedMs = 0; waitedMs < 90_000; waitedMs += 250) {
    stopping.signal.throwIfAborted();
    try {
      const response = await fetch(`http://127.0.0.1:${String(port)}/api/health/ready`, {
        signal: AbortSignal.any([stopping.signal, AbortSignal.timeout(5000)]),
      });
      if (response.status === 200) return;
      last = `${String(response.status)} ${(await response.text()).slice(0, 300)}`;
    } catch (error) {
      last = error instanceof Error ? error.message : 'no answer';
    }
    await sleep(250);
  }
  throw new AppError('timeout', `the console was not ready after 90 seconds (last answer: ${last})`, {
    hint: 'Read web.log and worker.log in the logs folder of HOLDFAST_DATA_DIR.',
  });
}

const address = (user: string, password: string, port: number, database: string) =>
  `postgres://${user}:${password}@127.0.0.1:${String(port)}/${database}`;

/** Everything up to the moment where a person can sign in. What it started is on `started`, to be stopped from the end. */
async function bringUp(
  folder: DataFolder,
  started: { name: string; stop: () => Promise<void> }[],
): Promise<void> {
  const env: NodeJS.ProcessEnv = { ...process.env, NODE_ENV: 'production', NEXT_TELEMETRY_DISABLED: '1' };
  const wish = readAdminWish(env);
  const config = parseConfig(env);
  const hasApplication = namesApplicationDatabase(env);
  await checkPort(config.port);

  const kept = readEnvFile(join(folder.path, 'env'));
  env['HOLDFAST_SECRET'] ||= kept['HOLDFAST_SECRET'] ?? newSecret() + newSecret();

  let cluster: EmbeddedCluster | null = null;
  const services: Service[] = [];
  const record = () => {
    const database = cluster?.child.pid;
    folder.recordChildren([
      ...(database === undefined
        ? []
        : [{ name: 'postgres', pid: database, identity: identityOf(database) }]),
      ...services.map((service) => service.record()).filter((child) => child !== null),
    ]);
  };
  if (config.databaseUrl === null || !hasApplication) {
    say('Starting the embedded PostgreSQL.');
    const embedded = await startEmbeddedCluster({
      dataDir: folder.path,
      logFile: join(folder.logs, 'postgres.log'),
      reachableRoot: '/var/lib/holdfast',
      say,
    });
    cluster = embedded;
    started.push({ name: 'PostgreSQL', stop: () => embedded.stop() });
    record();
    embedded.child.once('exit', () => {
      stopBecause(
        new AppError('source_unreachable', 'the embedded PostgreSQL ended by itself', {
          hint: `Read ${join(folder.logs, 'postgres.log')}, then start again; the data are kept.`,
        }),
      );
    });
    if (config.databaseUrl === null) {
      const { password } = await ensureDatabase(embedded, 'holdfast', 'holdfast');
      env['DATABASE_URL'] = address('holdfast', password, embedded.port, 'holdfast');
    }
    if (!hasApplication) {
      const { password } = await ensureDatabase(embedded, 'ims_db', 'ims_user');
      Object.assign(env, {
        PGHOST: '127.0.0.1',
        PGPORT: String(embedded.port),
        PGUSER: 'ims_user',
        PGPASSWORD: password,
        PGDATABASE: 'ims_db',
      });
      if (await loadDemoDatabase(new Secret(address('ims_user', password, embedded.port, 'ims_db'))))
        say('Loaded the demo application database ims_db.');
    }
  }
  stopping.signal.throwIfAborted();

  const inUse: Record<string, string> = {};
  for (const name of [
    'HOLDFAST_SECRET',
    'DATABASE_URL',
    'PGHOST',
    'PGPORT',
    'PGUSER',
    'PGPASSWORD',
    'PGDATABASE',
  ]) {
    const value = env[name];
    if (value !== undefined && value !== '') inUse[name] = value;
  }
  writePrivateFile(join(folder.path, 'env'), formatEnv(inUse));

  await migrateCatalogue(new Secret(env['DATABASE_URL'] ?? ''));
  stopping.signal.throwIfAborted();
  const admin = await ensureFirstAdmin(env, wish);
  // Told at once: should the build fail, the next start would not tell it again.
  if (admin.newPassword !== null)
    say(
      `Made the first administrator: ${admin.email ?? ''} with the password ${admin.newPassword} (shown this once).`,
    );

  await buildWeb({ root: ROOT, env, logFile: join(folder.logs, 'build.log'), say, signal: stopping.signal });
  stopping.signal.throwIfAborted();

  const serve = (
    name: string,
    args: readonly string[],
    stopLimitMs: number,
    more: Readonly<Record<string, string>> = {},
  ) => {
    const logFile = join(folder.logs, `${name}.log`);
    const service = superviseService({
      name,
      args,
      cwd: ROOT,
      env: { ...env, ...more },
      logFile,
      stopLimitMs,
      say,
      onChange: () => {
        // The very first change comes before the service is in the list.
        queueMicrotask(record);
      },
      onGiveUp: (reason) => {
        stopBecause(new AppError('interrupted', reason, { hint: `Read ${logFile} for the reason.` }));
      },
    });
    services.push(service);
    started.push(service);
  };
  serve('worker', [...WORKER_COMMAND.nodeArgs, WORKER_COMMAND.script], 30_000, WORKER_COMMAND.env);
  serve('web', ['node_modules/next/dist/bin/next', 'start', '-p', String(config.port)], 10_000);
  await waitUntilReady(config.port);
  for (const service of services) service.markReady();

  say('');
  say(`Holdfast is ready: http://localhost:${String(config.port)}`);
  if (admin.email !== null) say(`  sign in as   ${admin.email}`);
  say(`  it backs up  ${env['PGDATABASE'] ?? ''} on ${env['PGHOST'] || 'localhost'}`);
  say(`  its data     ${folder.path}`);
  say('  stop it      Ctrl-C');
}

async function run(): Promise<number> {
  loadDotEnv();
  const folder = await openDataFolder(process.env['HOLDFAST_DATA_DIR'] ?? join(ROOT, '.holdfast'), say);
  const started: { name: string; stop: () => Promise<void> }[] = [];
  try {
    await bringUp(folder, started);
    if (!stopping.signal.aborted) {
      await new Promise<void>((resolve) => {
        stopping.signal.addEventListener('abort', () => {
          resolve();
        });
        // The pipes of the children are not enough to keep this process alive while one is being restarted.
        setInterval(() => undefined, 60_000);
      });
    }
  } catch (error) {
    // What breaks because everything is being stopped is no failure of its own.
    stopBecause(toAppError(error));
  } finally {
    if (started.length > 0) say('Stopping.');
    for (const { stop } of started.reverse()) await stop();
    folder.release();
  }
  if (failure !== null) return printError(failure);
  say('Stopped. Everything is kept for the next start.');
  return 0;
}

try {
  process.exitCode = await run();
} catch (error) {
  process.exitCode = printError(error);
}
// A timer or a socket that is still open must not hold up the end.
process.exit();
