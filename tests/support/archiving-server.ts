import { execFile } from 'node:child_process';
import { chmodSync, chownSync, copyFileSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { shellWord } from '#lib/core/shell-word.ts';
import { startPostgres, type TestPostgres } from './postgres.ts';

const run = promisify(execFile);
const SCRIPTS = fileURLToPath(new URL('../../scripts', import.meta.url));

export interface ArchivingServer extends AsyncDisposable {
  readonly server: TestPostgres;
  /** Open to the user of the server; holds `backups` and the folder with the log. */
  readonly folder: string;
  /** Its name has what a shell and PostgreSQL take for their own. */
  readonly walFolder: string;
  /** What the scripts, or a worker, are told of the server and of both folders; no database. */
  environment(): Record<string, string>;
  /** The segments that are kept, by name. */
  segments(): string[];
  /** Ends the current segment, and waits until it is kept. Returns its name. */
  switchWal(): Promise<string>;
}

/** Lets a server keep its write-ahead log in this folder, which is there; `programs` is one that its user may enter. */
export async function archiveWal(server: TestPostgres, walFolder: string, programs: string): Promise<void> {
  if (process.getuid?.() === 0) {
    const { stdout } = await run('id', ['-u', 'postgres']);
    chownSync(walFolder, Number(stdout), -1);
  }
  // The checkout may lie where the user of the server cannot look.
  const script = join(programs, 'archive-wal.sh');
  copyFileSync(join(SCRIPTS, 'archive-wal.sh'), script);
  chmodSync(script, 0o755);
  const command = `${shellWord(script)} "%p" "%f" ${shellWord(walFolder).replaceAll('%', '%%')}`;
  await server.sql('postgres', "alter system set archive_mode = 'on'");
  await server.sql('postgres', `alter system set archive_command = '${command.replaceAll("'", "''")}'`);
  await server.stop();
  await server.start();
}

const segmentsIn = (walFolder: string): string[] =>
  readdirSync(walFolder)
    .filter((name) => /^[0-9A-F]{24}$/.test(name))
    .sort();

/** Ends the current segment of the log, and waits until it is kept. Returns its name. */
export async function switchWal(server: TestPostgres, walFolder: string): Promise<string> {
  const [row] = await server.sql<{ name: string }>(
    'postgres',
    'select pg_walfile_name(pg_switch_wal()) as name',
  );
  const name = row?.name ?? '';
  // Where nothing was written the switch does nothing.
  for (let waited = 0; !segmentsIn(walFolder).some((kept) => kept >= name); waited += 50) {
    if (waited > 10_000) throw new Error(`${name} was not archived`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return name;
}

/** A server that keeps its write-ahead log with archive-wal.sh. */
export async function startArchivingServer(): Promise<ArchivingServer> {
  const folder = mkdtempSync(join(tmpdir(), 'hf-pitr-'));
  chmodSync(folder, 0o755);
  const walFolder = join(folder, "100% wal's here");
  for (const name of [walFolder, join(folder, 'backups')]) mkdirSync(name);
  const server = await startPostgres();
  await archiveWal(server, walFolder, folder);
  return {
    server,
    folder,
    walFolder,
    environment: () => ({
      BACKUP_LOCAL_PATH: join(folder, 'backups'),
      BACKUP_WAL_PATH: walFolder,
      PGHOST: '127.0.0.1',
      PGPORT: String(server.port),
      PGUSER: 'postgres',
      PGPASSWORD: 'postgres',
    }),
    segments: () => segmentsIn(walFolder),
    switchWal: () => switchWal(server, walFolder),
    [Symbol.asyncDispose]: async () => {
      await server[Symbol.asyncDispose]();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
