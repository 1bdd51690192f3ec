import { chown, chmod, mkdir, mkdtemp, rm, statfs, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AppError } from '../../core/errors.ts';
import type { PostgresConfig } from '../../platform/config.ts';
import type { PostgresServer } from '../../tools/find-postgres-tools.ts';
import { identityOf } from '../../tools/process-identity.ts';
import { readTool } from '../../tools/read-tool.ts';
import { lastLine, startTool } from '../../tools/start-tool.ts';
import type { ServerIdentity } from '../recovery-server.ts';
import type { SourceContext } from '../source.ts';
import { connect } from './connect.ts';
import { isReachable, serverIdentity } from './server-identity.ts';

/** Clusters that did not fit under BACKUP_VERIFY_DIR lie in the temporary folder under this name. */
export const TEMPORARY_PREFIX = 'hf-scratch-';
/** In every cluster's outer folder: `{ "id": … }`, whose it is. */
export const MARK = 'scratch.json';
/** Not `postgres`: a role of the backup may have that name, and must not be a superuser here. */
const SUPERUSER = 'holdfast_scratch';
const PORT = 5432;
/** The address of a socket has 107 bytes, and the name of the file takes 14 of them. */
const SOCKET_FOLDER_MAX_BYTES = 90;

export interface EphemeralCluster extends AsyncDisposable {
  /** Its own superuser, by the socket; another database or user by changing the copy. */
  readonly address: PostgresConfig;
  /** Whether it runs still. */
  isRunning(): boolean;
  [Symbol.asyncDispose](): Promise<void>;
}

export interface ClusterPlace {
  /** Exists, empty but for the mark, and belongs to the server's user. */
  readonly folder: string;
  readonly freeBytes: number;
  readonly identity: ServerIdentity | null;
  remove(): Promise<void>;
}

async function makeFolder(
  make: () => Promise<string>,
  id: string,
  identity: ServerIdentity | null,
): Promise<string> {
  const folder = await make();
  const owner = { pid: process.pid, identity: identityOf(process.pid) };
  await writeFile(join(folder, MARK), JSON.stringify({ id, owner }), { mode: 0o600 });
  await chmod(folder, 0o700);
  if (identity !== null) await chown(folder, identity.uid, identity.gid);
  return folder;
}

/**
 * A folder for a cluster: in `parent`, else in the temporary folder where the server's user cannot look into `parent`, or
 * its path is too long for a socket, or it has too little room.
 */
export async function placeCluster(
  ctx: SourceContext,
  parent: string,
  id: string,
  needBytes: number,
): Promise<ClusterPlace> {
  const identity = await serverIdentity(ctx);
  const candidates = [
    async () => {
      const folder = join(parent, 'cluster');
      await mkdir(folder, { recursive: true, mode: 0o700 });
      return folder;
    },
    () => mkdtemp(join(tmpdir(), TEMPORARY_PREFIX)),
  ];
  let best: ClusterPlace | null = null;
  for (const candidate of candidates) {
    const folder = await makeFolder(candidate, id, identity);
    const { bavail, bsize } = await statfs(folder);
    const freeBytes = bavail * bsize;
    const remove = (): Promise<void> => rm(folder, { recursive: true, force: true });
    const isUsable =
      Buffer.byteLength(folder) <= SOCKET_FOLDER_MAX_BYTES && (await isReachable(ctx, folder, identity));
    if (!isUsable || (best !== null && best.freeBytes >= freeBytes)) {
      await remove();
      continue;
    }
    await best?.remove();
    best = { folder, identity, freeBytes, remove };
    if (freeBytes >= needBytes) return best;
  }
  if (best !== null) return best;
  throw new AppError('config', 'there is no folder in which a server can run', {
    hint: 'Set BACKUP_VERIFY_DIR to a folder with a short name that the user "postgres" can enter.',
  });
}

/** Nothing of it outlives the verification, so nothing of it has to survive a crash. */
const settingsOf = (folder: string): readonly string[] =>
  Object.entries({
    listen_addresses: '',
    unix_socket_directories: folder,
    unix_socket_permissions: '0700',
    fsync: 'off',
    synchronous_commit: 'off',
    full_page_writes: 'off',
    wal_level: 'minimal',
    max_wal_senders: '0',
    max_wal_size: '1GB',
    checkpoint_timeout: '1h',
    autovacuum: 'off',
    jit: 'off',
    maintenance_work_mem: '256MB',
    max_locks_per_transaction: '512',
    logging_collector: 'off',
    log_destination: 'stderr',
    // A statement may hold what the archive encrypts.
    log_min_error_statement: 'panic',
    timezone: 'UTC',
  }).flatMap(([name, value]) => ['-c', `${name}=${value}`]);

/**
 * A new cluster of its own, by a socket that only this user (and root) can reach; as the user `postgres` where this process is root.
 * Disposing of it stops the server, within limits, and removes the folder.
 */
export async function startEphemeralCluster(
  ctx: SourceContext,
  server: PostgresServer,
  place: ClusterPlace,
): Promise<EphemeralCluster> {
  const { folder } = place;
  const as = { cwd: '/', ...(place.identity === null ? {} : { identity: place.identity }) };
  const data = join(folder, 'data');
  let run: ReturnType<typeof startTool> | null = null;
  const state = { hasExited: false };
  const isGone = async (withinMs: number): Promise<boolean> => {
    const timer = new AbortController();
    const limit = ctx.clock.sleep(withinMs, timer.signal).catch(() => undefined);
    await Promise.race([run?.exit, limit]);
    timer.abort();
    return state.hasExited;
  };
  const stop = async (): Promise<void> => {
    if (run?.pid !== undefined && !state.hasExited) {
      for (const [signal, withinMs] of [
        ['SIGINT', 10_000],
        ['SIGQUIT', 5_000],
      ] as const) {
        try {
          process.kill(run.pid, signal);
        } catch {
          // It went away between the look and the signal.
        }
        if (await isGone(withinMs)) break;
      }
    }
    run?.stdout.destroy();
    await run?.exit;
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  };

  try {
    await readTool(ctx, {
      file: server.initdb,
      args: ['-D', data, '-U', SUPERUSER, '-A', 'trust', '-E', 'UTF8', '--locale=C', '--no-sync'],
      ...as,
      failure: (exit) =>
        new AppError('tool_failed', `a cluster could not be made: ${lastLine(exit.stderrTail)}`, {
          hint: 'Free disk space and the permissions of BACKUP_VERIFY_DIR are the usual causes.',
        }),
    });
    run = startTool(
      // Its end is ours to choose: SIGTERM, which an aborted run would send, waits for every client.
      { signal: new AbortController().signal },
      {
        file: server.postgres,
        args: ['-D', data, '-p', String(PORT), ...settingsOf(folder)],
        ...as,
        killAfterMs: 1000,
      },
    );
    run.stdout.resume();
    const exit = run.exit.then((ended) => {
      state.hasExited = true;
      return ended;
    });
    const address: PostgresConfig = {
      host: folder,
      port: PORT,
      user: SUPERUSER,
      password: null,
      database: 'template1',
      sslMode: 'disable',
      sslRootCert: null,
    };
    for (let waitedMs = 0; !(await answers(address)); waitedMs += 50) {
      ctx.signal.throwIfAborted();
      if (state.hasExited || waitedMs > 60_000) {
        const said = state.hasExited ? lastLine((await exit).stderrTail) : 'it did not answer';
        throw new AppError('tool_failed', `the server for the restore did not start: ${said}`, {
          hint: 'Free memory and disk space under BACKUP_VERIFY_DIR are the usual causes.',
        });
      }
      await ctx.clock.sleep(50, ctx.signal);
    }
    return { address, isRunning: () => !state.hasExited, [Symbol.asyncDispose]: stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function answers(address: PostgresConfig): Promise<boolean> {
  const sql = await connect(address);
  try {
    await sql`select 1`;
    return true;
  } catch {
    return false;
  } finally {
    await sql.end({ timeout: 1 });
  }
}
