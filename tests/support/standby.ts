import { execFile, spawn } from 'node:child_process';
import { chmodSync, chownSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import postgres from 'postgres';
import { freePort, postgresBinDir, type TestPostgres } from './postgres.ts';

const run = promisify(execFile);

export interface Standby {
  readonly port: number;
  /** Resolves when everything the primary has committed until now is there to be read. */
  caughtUp(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** A hot standby that streams from this primary: own folder, free port, 127.0.0.1, the primary's passwords. */
export async function startStandby(primary: TestPostgres): Promise<Standby> {
  const folder = mkdtempSync(join(tmpdir(), 'hf-standby-'));
  const identity: { uid?: number; gid?: number } = {};
  if (process.getuid?.() === 0) {
    // The server refuses to run as root.
    const ask = async (flag: string) => Number((await run('id', [flag, 'postgres'])).stdout);
    identity.uid = await ask('-u');
    identity.gid = await ask('-g');
    chownSync(folder, identity.uid, identity.gid);
  }
  chmodSync(folder, 0o700);
  const dataDir = join(folder, 'data');
  const env = { ...process.env, LC_ALL: 'C.UTF-8', PGPASSWORD: 'postgres' };
  const from = ['-h', '127.0.0.1', '-p', String(primary.port), '-U', 'postgres'];
  await run(
    join(postgresBinDir(), 'pg_basebackup'),
    ['-D', dataDir, '-R', '-X', 'stream', '-c', 'fast', ...from],
    { ...identity, cwd: '/', env },
  );
  const port = await freePort();
  const settings = ['listen_addresses=127.0.0.1', 'fsync=off', 'max_connections=200', 'hot_standby=on'];
  const child = spawn(
    join(postgresBinDir(), 'postgres'),
    ['-D', dataDir, '-p', String(port), '-k', folder, ...settings.flatMap((setting) => ['-c', setting])],
    { ...identity, cwd: '/', env, stdio: ['ignore', 'ignore', 'pipe'] },
  );
  let log = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    log = (log + text).slice(-20_000);
  });
  const sql = postgres(`postgres://postgres:postgres@127.0.0.1:${String(port)}/postgres`, {
    max: 1,
    connect_timeout: 5,
    onnotice: () => undefined,
  });
  const end = async (): Promise<void> => {
    await sql.end({ timeout: 1 });
    if (child.exitCode === null) {
      const gone = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGQUIT');
      await gone;
    }
    rmSync(folder, { recursive: true, force: true });
  };
  for (let attempt = 0; ; attempt += 1) {
    if (child.exitCode !== null || attempt === 200) {
      await end();
      throw new Error(`the standby did not start: ${log}`);
    }
    try {
      await sql`select 1`;
      break;
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
  return {
    port,
    caughtUp: async () => {
      const [row] = await primary.sql<{ at: string }>('postgres', 'select pg_current_wal_lsn() as at');
      for (let attempt = 0; attempt < 400; attempt += 1) {
        const [there] = await sql`select pg_last_wal_replay_lsn() >= ${row?.at ?? ''}::pg_lsn as is`;
        if (there?.['is'] === true) return;
        await new Promise((resolve) => setTimeout(resolve, 25));
      }
      throw new Error(`the standby does not catch up: ${log}`);
    },
    [Symbol.asyncDispose]: end,
  };
}
