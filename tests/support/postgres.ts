import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { chmodSync, chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import postgres from 'postgres';
import { Secret } from '#lib/core/secret.ts';

const run = promisify(execFile);

/** A port nobody listens on now. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => {
        if (address !== null && typeof address === 'object') resolve(address.port);
        else reject(new Error('no port'));
      });
    });
  });
}

/** The newest Debian PostgreSQL, or whatever folder the caller names. */
export function postgresBinDir(): string {
  const root = '/usr/lib/postgresql';
  const majors = existsSync(root) ? readdirSync(root).map(Number).filter(Number.isFinite) : [];
  const newest = Math.max(...majors.filter((major) => existsSync(join(root, String(major), 'bin/postgres'))));
  if (!Number.isFinite(newest))
    throw new Error('no PostgreSQL server under /usr/lib/postgresql: apt-get install postgresql');
  return join(root, String(newest), 'bin');
}

export interface TestPostgres {
  readonly port: number;
  readonly dataDir: string;
  /** The postmaster's process id, for tests that kill it. */
  readonly pid: () => number;
  /** An address with the superuser `postgres`, whose password is `postgres`. */
  url(database: string): Secret;
  createDatabase(name: string): Promise<Secret>;
  /** Runs SQL as superuser on one connection. */
  sql<Row extends object = Record<string, unknown>>(database: string, text: string): Promise<Row[]>;
  start(): Promise<void>;
  /** `SIGINT` is a fast shutdown, `SIGQUIT` a crash. */
  stop(signal?: 'SIGINT' | 'SIGQUIT' | 'SIGKILL'): Promise<void>;
  /** Stops it and removes its folder. */
  [Symbol.asyncDispose](): Promise<void>;
}

/** A PostgreSQL cluster of this test file's own: own folder, free port, 127.0.0.1, password needed. */
export async function startPostgres(options: { readonly binDir?: string } = {}): Promise<TestPostgres> {
  const binDir = options.binDir ?? postgresBinDir();
  const folder = mkdtempSync(join(tmpdir(), 'hf-pg-'));
  const identity: { uid?: number; gid?: number } = {};
  if (process.getuid?.() === 0) {
    // The server refuses to run as root.
    const { stdout } = await run('id', ['-u', 'postgres']);
    const { stdout: group } = await run('id', ['-g', 'postgres']);
    identity.uid = Number(stdout);
    identity.gid = Number(group);
    chownSync(folder, identity.uid, identity.gid);
  }
  chmodSync(folder, 0o700);
  const dataDir = join(folder, 'data');
  const environment = { ...process.env, LC_ALL: 'C.UTF-8' };
  await run(
    join(binDir, 'initdb'),
    ['-D', dataDir, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--locale=C.UTF-8', '-N'],
    {
      ...identity,
      cwd: '/',
      env: environment,
    },
  );
  const port = await freePort();
  let child: ChildProcess | undefined;

  const url = (database: string) =>
    new Secret(`postgres://postgres:postgres@127.0.0.1:${String(port)}/${encodeURIComponent(database)}`);
  const sql = async <Row extends object>(database: string, text: string): Promise<Row[]> => {
    const client = postgres(url(database).reveal(), {
      max: 1,
      connect_timeout: 5,
      onnotice: () => undefined,
    });
    try {
      return [...(await client.unsafe(text))] as unknown as Row[];
    } finally {
      await client.end({ timeout: 5 });
    }
  };
  const start = async (): Promise<void> => {
    const server = spawn(
      join(binDir, 'postgres'),
      [
        '-D',
        dataDir,
        '-p',
        String(port),
        '-k',
        folder,
        '-c',
        'listen_addresses=127.0.0.1',
        '-c',
        'fsync=off',
        '-c',
        'max_connections=200',
        '-c',
        'password_encryption=scram-sha-256',
      ],
      { ...identity, cwd: '/', env: environment, stdio: ['ignore', 'ignore', 'pipe'] },
    );
    child = server;
    let log = '';
    server.stderr.setEncoding('utf8').on('data', (text: string) => {
      log = (log + text).slice(-20_000);
    });
    for (let attempt = 0; attempt < 200; attempt += 1) {
      if (server.exitCode !== null) throw new Error(`postgres did not start: ${log}`);
      try {
        await sql('postgres', 'select 1');
        return;
      } catch {
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    }
    throw new Error(`postgres did not answer: ${log}`);
  };
  const stop = async (signal: 'SIGINT' | 'SIGQUIT' | 'SIGKILL' = 'SIGINT'): Promise<void> => {
    const server = child;
    if (server === undefined || server.exitCode !== null || server.signalCode !== null) return;
    const gone = new Promise((resolve) => server.once('exit', resolve));
    server.kill(signal);
    await gone;
  };

  await start();
  await sql('postgres', "alter role postgres password 'postgres'");
  // From here on a wrong password is refused, as on a real server.
  await sql('postgres', `alter system set hba_file = '${join(folder, 'hba.conf')}'`);
  await run('sh', [
    '-c',
    `printf 'local all all trust\\nhost all all 127.0.0.1/32 scram-sha-256\\nhost replication all 127.0.0.1/32 scram-sha-256\\n' > '${join(folder, 'hba.conf')}' && chmod 644 '${join(folder, 'hba.conf')}'`,
  ]);
  await stop();
  await start();

  return {
    port,
    dataDir,
    pid: () => child?.pid ?? -1,
    url,
    sql,
    start,
    stop,
    createDatabase: async (name) => {
      await sql('postgres', `create database "${name.replaceAll('"', '""')}"`);
      return url(name);
    },
    [Symbol.asyncDispose]: async () => {
      await stop('SIGQUIT');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
