import { execFileSync, spawn, spawnSync, type ChildProcess } from 'node:child_process';
import {
  chownSync,
  closeSync,
  existsSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { randomBytes } from 'node:crypto';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import postgres from 'postgres';
import { AppError } from '#lib/core/errors.ts';
import { newSecret, writePrivateFile } from './data-folder.ts';
import { findPostgresServers } from './postgres-programs.mjs';
import { identityOf, isPostgresOn } from '#lib/tools/process-identity.ts';
import { stopProcess, type StopStep } from './stop-process.ts';

/** Kept in `<data dir>/cluster.json`. */
interface ClusterState {
  readonly phase: 'initialising' | 'ready';
  readonly port: number;
  readonly superuserPassword: string;
  /** Roles that the quickstart made, and their passwords. */
  readonly rolePasswords: Readonly<Record<string, string>>;
}

export interface EmbeddedCluster {
  readonly port: number;
  readonly child: ChildProcess;
  /** Where the cluster really lies, free of symbolic links. */
  readonly dataPath: string;
  /** The superuser, for making roles and databases; no other process is told its password. */
  connect(database: string): postgres.Sql;
  /** The password of a role the quickstart makes; the same at every start. */
  rolePassword(role: string): string;
  /** Fast shutdown, then an immediate one, then SIGKILL; each with a limit. */
  stop(): Promise<void>;
}

export interface ClusterOptions {
  /** HOLDFAST_DATA_DIR, absolute. */
  readonly dataDir: string;
  readonly logFile: string;
  readonly say: (line: string) => void;
  /** Where a cluster goes whose owner cannot enter the data folder. */
  readonly reachableRoot: string;
}

interface Identity {
  readonly uid?: number;
  readonly gid?: number;
}

const stopSteps: readonly StopStep[] = [
  { signal: 'SIGINT', limitMs: 20_000 },
  { signal: 'SIGQUIT', limitMs: 5000 },
];
const environment = {
  PATH: process.env['PATH'] ?? '/usr/bin:/bin',
  LC_ALL: 'C',
  NODE_ENV: 'production' as const,
};

/** The server refuses to run as root, so root runs it as the user that its package made. */
function serverIdentity(): Identity {
  if (process.getuid?.() !== 0) return {};
  const ask = (flag: string) =>
    Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }));
  try {
    return { uid: ask('-u'), gid: ask('-g') };
  } catch {
    throw new AppError('config', 'there is no user "postgres" to run the database as', {
      hint: 'Make one (useradd --system postgres), or run the quickstart as an ordinary user.',
    });
  }
}

/** Whether the server's user can enter this folder and write there. */
function isReachable(folder: string, identity: Identity): boolean {
  const script = 'cd -- "$1" && pwd -P && touch .reach && rm .reach';
  return (
    spawnSync('/bin/sh', ['-c', script, 'sh', folder], { ...identity, cwd: '/', stdio: 'ignore' }).status ===
    0
  );
}

/** Makes the cluster's folder, in the data folder if the server's user can look there. Returns its real path. */
function placeCluster(options: ClusterOptions, identity: Identity): string {
  const place = join(options.dataDir, 'postgres');
  const isThere = lstatSync(place, { throwIfNoEntry: false }) !== undefined;
  if (isThere && !existsSync(place)) {
    throw new AppError('config', `${place} points to a folder that is gone`, {
      hint: `Bring the folder back, or remove ${place} to start with an empty database.`,
    });
  }
  if (!isThere) {
    mkdirSync(place, { mode: 0o700 });
    if (identity.uid !== undefined && identity.gid !== undefined)
      chownSync(place, identity.uid, identity.gid);
  }
  const real = realpathSync(place);
  if (isReachable(real, identity)) return real;
  if (isThere && readdirSync(place).length > 0) {
    throw new AppError('config', `the database's user cannot enter ${place}`, {
      hint: 'Let the user "postgres" pass through the folders above it, or set HOLDFAST_DATA_DIR to another folder.',
    });
  }
  const elsewhere = join(options.reachableRoot, randomBytes(6).toString('hex'));
  mkdirSync(options.reachableRoot, { recursive: true, mode: 0o755 });
  mkdirSync(elsewhere, { mode: 0o700 });
  if (identity.uid !== undefined && identity.gid !== undefined)
    chownSync(elsewhere, identity.uid, identity.gid);
  if (!isReachable(elsewhere, identity)) {
    throw new AppError('config', `the database's user can enter neither ${place} nor ${elsewhere}`, {
      hint: 'Set HOLDFAST_DATA_DIR to a folder that the user "postgres" can reach.',
    });
  }
  rmSync(place, { recursive: true });
  symlinkSync(elsewhere, place);
  options.say(
    `The user "postgres" cannot look into ${options.dataDir}, so the database lives in ${elsewhere} (${place} points there).`,
  );
  return realpathSync(elsewhere);
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => {
      resolve(false);
    });
    probe.listen(port, '127.0.0.1', () => {
      probe.close(() => {
        resolve(true);
      });
    });
  });
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      const port = address !== null && typeof address === 'object' ? address.port : 0;
      probe.close(() => {
        resolve(port);
      });
    });
  });
}

/** Stops a server that a killed quickstart left on this folder, and removes a process id that belongs to nobody's server. */
async function clearOldServer(dataPath: string, say: (line: string) => void): Promise<void> {
  const pidFile = join(dataPath, 'postmaster.pid');
  if (!existsSync(pidFile)) return;
  const pid = Number(readFileSync(pidFile, 'utf8').split('\n')[0]);
  if (Number.isInteger(pid) && pid > 1 && isPostgresOn(pid, dataPath)) {
    say(`Stopping the database server (process ${String(pid)}) that an earlier start left behind.`);
    await stopProcess(pid, identityOf(pid), stopSteps, { isGroup: false });
  }
  // The server believes any living process of its user behind a reused id to be its predecessor, and would not start.
  rmSync(pidFile, { force: true });
}

function binDirFor(major: number | null): string {
  const servers = findPostgresServers();
  const server = major === null ? servers[0] : servers.find((one) => one.major === major);
  if (server !== undefined) return server.binDir;
  const have = servers.map((one) => one.major).join(', ');
  if (major === null) {
    throw new AppError('tool_missing', 'no PostgreSQL server is installed', {
      hint: 'Debian and Ubuntu: apt-get install postgresql. macOS: brew install postgresql@17.',
    });
  }
  throw new AppError(
    'tool_version',
    `the database was made by PostgreSQL ${String(major)}, which is not installed (found: ${have || 'none'})`,
    {
      hint: `Install PostgreSQL ${String(major)} (Debian: postgresql-${String(major)}), or move HOLDFAST_DATA_DIR away to start afresh.`,
    },
  );
}

/** Runs a program of the server's user to its end; throws with the tail of what it said. */
function runOrThrow(program: string, args: readonly string[], identity: Identity, input = ''): void {
  const result = spawnSync(program, args, {
    ...identity,
    cwd: '/',
    env: environment,
    input,
    encoding: 'utf8',
    timeout: 120_000,
  });
  if (result.status === 0) return;
  throw new AppError('tool_failed', `${program} failed: ${result.stderr.trim().slice(-500)}`, {
    hint: 'Free disk space and permissions of HOLDFAST_DATA_DIR are the usual causes.',
    cause: result.error,
  });
}

/**
 * The embedded cluster of a data folder, made at the first call and started at each: scram passwords, 127.0.0.1 only, no
 * Unix sockets, a port that stays the same while it is free.
 */
export async function startEmbeddedCluster(options: ClusterOptions): Promise<EmbeddedCluster> {
  const identity = serverIdentity();
  const stateFile = join(options.dataDir, 'cluster.json');
  const known = existsSync(stateFile)
    ? (JSON.parse(readFileSync(stateFile, 'utf8')) as ClusterState)
    : undefined;
  const dataPath = placeCluster(options, identity);
  await clearOldServer(dataPath, options.say);

  const versionFile = join(dataPath, 'PG_VERSION');
  // An initdb that was killed leaves a folder that looks like a cluster.
  const isCluster = existsSync(versionFile) && known?.phase !== 'initialising';
  const binDir = binDirFor(isCluster ? Number(readFileSync(versionFile, 'utf8')) : null);

  let state: ClusterState = {
    phase: isCluster ? 'ready' : 'initialising',
    port: known !== undefined && (await isFree(known.port)) ? known.port : await freePort(),
    superuserPassword: known?.superuserPassword ?? newSecret(),
    rolePasswords: known?.rolePasswords ?? {},
  };
  const save = (next: ClusterState) => {
    state = next;
    writePrivateFile(stateFile, `${JSON.stringify(next, null, 2)}\n`);
  };
  if (!isCluster) {
    for (const name of readdirSync(dataPath)) rmSync(join(dataPath, name), { recursive: true });
    save(state);
    runOrThrow(
      join(binDir, 'initdb'),
      // Nobody gets in before the password and our own access list are set.
      ['-D', dataPath, '-U', 'postgres', '-A', 'reject', '-E', 'UTF8', '--locale=C', '--data-checksums'],
      identity,
    );
  }
  const accessList = join(dataPath, 'pg_hba.conf');
  writeFileSync(`${accessList}.new`, 'host all all 127.0.0.1/32 scram-sha-256\n', { mode: 0o600 });
  if (identity.uid !== undefined && identity.gid !== undefined)
    chownSync(`${accessList}.new`, identity.uid, identity.gid);
  renameSync(`${accessList}.new`, accessList);
  if (!isCluster || known === undefined) {
    runOrThrow(
      join(binDir, 'postgres'),
      ['--single', '-D', dataPath, '-c', 'password_encryption=scram-sha-256', 'postgres'],
      identity,
      `alter role postgres with password '${state.superuserPassword}'\n`,
    );
  }
  save({ ...state, phase: 'ready' });

  const log = openSync(options.logFile, 'a', 0o600);
  const child = spawn(
    join(binDir, 'postgres'),
    [
      ['-D', dataPath],
      ['-p', String(state.port)],
      ['-c', 'listen_addresses=127.0.0.1'],
      ['-c', 'unix_socket_directories='],
      ['-c', 'password_encryption=scram-sha-256'],
      ['-c', 'timezone=UTC'],
      ['-c', 'log_timezone=UTC'],
    ].flat(),
    // A process group of its own: Ctrl-C at the terminal must not stop it before the worker.
    { ...identity, cwd: '/', env: environment, detached: true, stdio: ['ignore', log, log] },
  );
  closeSync(log);
  const connect = (database: string) =>
    postgres({
      host: '127.0.0.1',
      port: state.port,
      username: 'postgres',
      password: state.superuserPassword,
      database,
      max: 1,
      connect_timeout: 5,
      onnotice: () => undefined,
    });
  const childIdentity = child.pid === undefined ? null : identityOf(child.pid);
  const stop = async () => {
    if (child.pid !== undefined) await stopProcess(child.pid, childIdentity, stopSteps, { isGroup: true });
  };

  // After a crash the server replays its log before it lets anybody in.
  for (let waitedMs = 0; ; waitedMs += 100) {
    if (child.pid === undefined || child.exitCode !== null || waitedMs > 120_000) {
      await stop();
      const said = existsSync(options.logFile) ? readFileSync(options.logFile, 'utf8').slice(-600) : '';
      throw new AppError('source_unreachable', `the database server did not start: ${said.trim()}`, {
        hint: `Read ${options.logFile} for the whole story.`,
      });
    }
    const sql = connect('postgres');
    try {
      await sql`select 1`;
      break;
    } catch {
      await sleep(100);
    } finally {
      await sql.end({ timeout: 1 });
    }
  }
  return {
    port: state.port,
    child,
    dataPath,
    connect,
    rolePassword: (role) => {
      const password = state.rolePasswords[role] ?? newSecret();
      if (state.rolePasswords[role] === undefined)
        save({ ...state, rolePasswords: { ...state.rolePasswords, [role]: password } });
      return password;
    },
    stop,
  };
}

/** Makes (or repairs the password of) a login role and a database of its own. Safe to repeat. */
export async function ensureDatabase(
  cluster: EmbeddedCluster,
  database: string,
  role: string,
): Promise<{ readonly password: string }> {
  const password = cluster.rolePassword(role);
  const sql = cluster.connect('postgres');
  try {
    const roles = await sql`select 1 from pg_roles where rolname = ${role}`;
    if (roles.length === 0) await sql.unsafe(`create role ${role} login`);
    // CREATEDB: a restore test of a backup makes a database of its own.
    await sql.unsafe(`alter role ${role} with createdb password '${password}'`);
    // Else it could not replace the rows of a table that others point at.
    const [server] = await sql<
      { version: number }[]
    >`select current_setting('server_version_num')::int as version`;
    if ((server?.version ?? 0) >= 150_000)
      await sql.unsafe(`grant set on parameter session_replication_role to ${role}`);
    const databases = await sql`select 1 from pg_database where datname = ${database}`;
    if (databases.length === 0) await sql.unsafe(`create database ${database} owner ${role}`);
  } finally {
    await sql.end({ timeout: 5 });
  }
  return { password };
}
