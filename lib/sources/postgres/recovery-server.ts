import { chmod, chown, mkdir, readdir, rename, rm, rmdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { AppError } from '../../core/errors.ts';
import { shellWord } from '../../core/shell-word.ts';
import { readHistoryName } from '../../core/wal-names.ts';
import type { Config, PostgresConfig } from '../../platform/config.ts';
import { listPostgresServers } from '../../tools/find-postgres-tools.ts';
import { isExecutable } from '../../tools/find-program.ts';
import { readTool } from '../../tools/read-tool.ts';
import { lastLine, startTool } from '../../tools/start-tool.ts';
import type { RecoveredServer, RecoveryOrder, RecoveryServer, ServerIdentity } from '../recovery-server.ts';
import type { SourceContext } from '../source.ts';
import { connect } from './connect.ts';
import { startGuardedServer } from './guarded-server.ts';
import { readServer } from './read-server.ts';
import { listenToRecovery, type RecoveryLog } from './recovery-log.ts';
import {
  AUTO_FILE,
  AUTO_FILE_KEPT,
  HBA_FILE,
  HBA_TEXT,
  recoverySettings,
  runningSettings,
  SETTINGS_FILE,
} from './recovery-settings.ts';
import { isReachable, serverIdentity } from './server-identity.ts';

/** The address of a socket has 107 bytes, and the name of the file takes 14 of them. */
const FOLDER_MAX_BYTES = 90;
const LOOK_MS = 100;
const LOG_FILE = 'holdfast.log';

async function programIn(folder: string, name: string): Promise<string | null> {
  const file = join(folder, name);
  return (await isExecutable(file)) ? file : null;
}

/** Throws `tool_missing` where no server of this major is installed here. */
export async function findRecoveryServer(
  config: Config,
  ctx: SourceContext,
  major: number,
): Promise<RecoveryServer> {
  const servers = await listPostgresServers(config, ctx);
  const server = servers.find((each) => each.major === major);
  if (server === undefined) {
    throw new AppError('tool_missing', `no PostgreSQL ${String(major)} server is installed on this machine`, {
      hint: `Install it (apt-get install postgresql-${String(major)}), or name its folder in BACKUP_PG_BIN_DIRS: only the same major reads a base backup.`,
    });
  }
  const identity = await serverIdentity(ctx);
  const programs = dirname(server.postgres);
  const as = { cwd: '/', ...(identity === null ? {} : { identity }) };
  const pgCtl = join(programs, 'pg_ctl');
  return {
    version: server.version,
    identity,
    pgWaldump: await programIn(programs, 'pg_waldump'),
    claim: (folder) => claim(ctx, folder, identity),
    needReadable: async (file) => {
      const run = startTool(ctx, { file: '/bin/sh', args: ['-c', 'test -r "$1"', 'sh', file], ...as });
      run.stdout.resume();
      if ((await run.exit).code === 0) return;
      ctx.signal.throwIfAborted();
      throw new AppError('config', `the user of the server may not read ${file}`, {
        hint: 'Let it read the folder with the write-ahead log (chown or chmod), and the folders above.',
      });
    },
    verifyFiles: async (folder) => {
      const file = await programIn(programs, 'pg_verifybackup');
      if (file === null) return false;
      await readTool(ctx, {
        file,
        args: ['--quiet', folder],
        ...as,
        failure: (exit) =>
          new AppError('integrity', `pg_verifybackup found damage: ${lastLine(exit.stderrTail)}`, {
            hint: 'Do not count on this base archive: use an older one, and take a new one.',
          }),
      });
      return true;
    },
    recover: (order, restored) => recover(ctx, server.postgres, identity, order, restored),
    settle: async (order) => {
      await write(join(order.folder, SETTINGS_FILE), runningSettings(order), identity);
      await offerHistory(order.folder, identity);
    },
    start: async (folder) => {
      // Not to be interrupted: what pg_ctl has started stays when it is ended itself.
      const whole = { signal: new AbortController().signal };
      const run = startTool(whole, {
        file: '/bin/sh',
        args: ['-c', startCommand(pgCtl, folder)],
        ...as,
      });
      run.stdout.resume();
      const exit = await run.exit;
      if (exit.code === 0) return;
      const end = startTool(whole, { file: '/bin/sh', args: ['-c', stopCommand(pgCtl, folder)], ...as });
      end.stdout.resume();
      await end.exit;
      throw new AppError('verification_failed', 'the recovered server does not start again', {
        hint: `Read ${join(folder, LOG_FILE)}: another program may listen on its port.`,
        fields: { said: lastLine(exit.stderrTail) },
      });
    },
    commands: (folder) => {
      const asUser = (command: string): string =>
        identity === null ? command : `su postgres -s /bin/sh -c ${shellWord(command)}`;
      return {
        start: asUser(startCommand(pgCtl, folder)),
        stop: asUser(stopCommand(pgCtl, folder)),
      };
    },
  };
}

const stopCommand = (pgCtl: string, folder: string): string =>
  `${shellWord(pgCtl)} -D ${shellWord(folder)} -m fast stop`;

/** pg_ctl hands its -o to a shell once more. */
function startCommand(pgCtl: string, folder: string): string {
  const options = `-c config_file=${shellWord(join(folder, SETTINGS_FILE))}`;
  const log = shellWord(join(folder, LOG_FILE));
  return `${shellWord(pgCtl)} -D ${shellWord(folder)} -l ${log} -o ${shellWord(options)} -w start > /dev/null`;
}

async function claim(
  ctx: SourceContext,
  folder: string,
  identity: ServerIdentity | null,
): Promise<{ remove(): Promise<void> }> {
  if (Buffer.byteLength(folder) > FOLDER_MAX_BYTES) {
    throw new AppError('invalid', `the path ${folder} is too long for the socket of a server`, {
      hint: `Name a folder whose path has at most ${String(FOLDER_MAX_BYTES)} bytes.`,
    });
  }
  let isMade = false;
  const remove = async (): Promise<void> => {
    for (const name of await readdir(folder)) {
      await rm(join(folder, name), { recursive: true, force: true, maxRetries: 5 });
    }
    if (isMade) await rmdir(folder);
  };
  try {
    // Not its parents: made for root alone, they would keep the server's user out.
    isMade = await mkdir(folder, { mode: 0o700 }).then(
      () => true,
      (error: unknown) => {
        if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
        throw error;
      },
    );
    if ((await readdir(folder)).length > 0) {
      throw new AppError('target_not_empty', `${folder} is not empty`, {
        hint: 'Name a folder that is empty or not there: nothing that exists is ever touched.',
      });
    }
    await chmod(folder, 0o700);
    if (identity !== null) await chown(folder, identity.uid, identity.gid);
    if (await isReachable(ctx, folder, identity)) return { remove };
  } catch (error) {
    if (error instanceof AppError) throw error;
    throw new AppError('config', `${folder} cannot be used`, {
      hint: 'Name a folder that this user may make in one that is there, or an empty one that it may write to.',
      cause: error,
    });
  }
  await remove();
  throw new AppError('config', `the user "postgres" cannot enter ${folder}`, {
    hint: 'Name a folder whose parents it may enter, for example under /var/lib/postgresql.',
  });
}

async function write(file: string, content: string, identity: ServerIdentity | null): Promise<void> {
  await writeFile(file, content, { mode: 0o600 });
  if (identity !== null) await chown(file, identity.uid, identity.gid);
}

/**
 * It promoted with archiving off. Should it take the place of the live server, it has to archive where its timeline began, or nobody
 * finds the way from an older base archive to it; where it never archives, the mark does nothing.
 */
async function offerHistory(folder: string, identity: ServerIdentity | null): Promise<void> {
  const log = join(folder, 'pg_wal');
  const newest = (await readdir(log))
    .filter((name) => readHistoryName(name) !== null)
    .toSorted()
    .at(-1);
  if (newest !== undefined) await write(join(log, 'archive_status', `${newest}.ready`), '', identity);
}

async function prepare({ folder, ...order }: RecoveryOrder, identity: ServerIdentity | null): Promise<void> {
  // ALTER SYSTEM of the copied server would overrule every setting of ours, archive_command among them.
  await rename(join(folder, AUTO_FILE), join(folder, AUTO_FILE_KEPT));
  await write(join(folder, AUTO_FILE), '', identity);
  await write(join(folder, HBA_FILE), HBA_TEXT, identity);
  await write(join(folder, SETTINGS_FILE), recoverySettings({ folder, ...order }), identity);
  await write(join(folder, 'recovery.signal'), '', identity);
}

async function recover(
  ctx: SourceContext,
  postgresProgram: string,
  identity: ServerIdentity | null,
  order: RecoveryOrder,
  restored: (segment: string) => void,
): Promise<RecoveredServer> {
  const { folder } = order;
  await prepare(order, identity);
  const log = listenToRecovery(restored);
  const server = startGuardedServer(ctx, {
    file: postgresProgram,
    args: ['-D', folder, '-c', `config_file=${join(folder, SETTINGS_FILE)}`],
    identity,
    tapLine: log.hear,
  });
  try {
    const address: PostgresConfig = {
      host: folder,
      port: order.port,
      user: order.superuser,
      password: null,
      database: 'template1',
      sslMode: 'disable',
      sslRootCert: null,
    };
    while (!(log.isReady && (await answers(address)))) {
      ctx.signal.throwIfAborted();
      if (server.hasExited()) throw failed(log, lastLine((await server.exit).stderrTail));
      await ctx.clock.sleep(LOOK_MS, ctx.signal);
    }
    return {
      end: { stoppedAt: log.stoppedAt, lastMicros: log.lastMicros },
      readEverything: () => readServer(ctx, address),
      [Symbol.asyncDispose]: () => server.stop(),
    };
  } catch (error) {
    await server.stop();
    throw error;
  }
}

function failed(log: RecoveryLog, lastSaid: string): AppError {
  const said = log.failure ?? lastSaid;
  if (/recovery ended before configured recovery target was reached/.test(said)) {
    return new AppError('restore_failed', 'the log ended before the target was reached', {
      hint: 'Archive the newest segment ("select pg_switch_wal()" on the server), name an earlier target, or take --latest.',
    });
  }
  if (/before consistent recovery point/.test(said)) {
    return new AppError('restore_failed', 'the target lies before the end of the base backup', {
      hint: 'Name an older base archive with --from.',
    });
  }
  return new AppError('restore_failed', `the server could not be recovered: ${said}`, {
    hint: 'Free disk space, the permissions of the folder with the log, and segments of another server are the usual causes.',
  });
}

async function answers(address: PostgresConfig): Promise<boolean> {
  const sql = await connect(address, { applicationName: 'holdfast-recovery' });
  try {
    const [row] = await sql<{ is: boolean }[]>`select pg_is_in_recovery() as is`;
    return row?.is === false;
  } catch {
    return false;
  } finally {
    await sql.end({ timeout: 1 });
  }
}
