import { join } from 'node:path';
import { AppError, toAppError } from '#lib/core/errors.ts';
import { Secret } from '#lib/core/secret.ts';
import type { Config } from '#lib/platform/config.ts';
import { isExecutable } from '#lib/tools/find-program.ts';
import { readTool } from '#lib/tools/read-tool.ts';

/** Where the person is who restores: there RESTORE_MIGRATE_COMMAND is run. */
export interface MigrateSetting {
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
}

/** The words of a command as a shell would part them, but nothing in them means anything to a shell. */
function partWords(command: string): string[] {
  const words: string[] = [];
  for (const [, plain, single, double] of command.matchAll(/([^\s'"]+)|'([^']*)'|"([^"]*)"/g)) {
    words.push(plain ?? single ?? double ?? '');
  }
  return words;
}

async function find(config: Config, program: string): Promise<string> {
  const candidates = program.includes('/')
    ? [program]
    : config.searchPath.map((folder) => join(folder, program));
  for (const file of candidates) if (file.startsWith('/') && (await isExecutable(file))) return file;
  throw new AppError('tool_missing', `the command of RESTORE_MIGRATE_COMMAND, ${program}, was not found`, {
    hint: 'Name a program on PATH, or its absolute path.',
  });
}

const url = ({ source }: Config, database: string): string => {
  const { host, port, user, password } = source;
  const secret = password === null ? '' : `:${encodeURIComponent(password.reveal())}`;
  const socket = host.startsWith('/');
  const at = socket ? 'localhost' : host;
  return `postgresql://${encodeURIComponent(user)}${secret}@${at}:${String(port)}/${encodeURIComponent(database)}${socket ? `?host=${encodeURIComponent(host)}` : ''}`;
};

/** What a command inherits: nothing of this installation's own catalogue and keys. */
const isOwn = (name: string): boolean => /^(HOLDFAST_|BACKUP_|DATABASE_URL$|NEXTAUTH_)/.test(name);

/** Runs the command that brings the schema up to date, without a shell, against `database`. Returns the last line it printed. */
async function runMigrations(
  config: Config,
  database: string,
  command: string,
  where: MigrateSetting,
  signal: AbortSignal,
): Promise<string> {
  const [program, ...args] = partWords(command);
  if (program === undefined) throw new AppError('config', 'RESTORE_MIGRATE_COMMAND holds no command');
  const { source } = config;
  const inherited = Object.entries(where.env).flatMap(([name, value]) =>
    value === undefined || isOwn(name) ? [] : [[name, value] as const],
  );
  const printed = await readTool(
    { signal },
    {
      file: await find(config, program),
      args,
      cwd: where.cwd,
      env: {
        ...Object.fromEntries(inherited),
        DATABASE_URL: new Secret(url(config, database)),
        PGHOST: source.host,
        PGPORT: String(source.port),
        PGUSER: source.user,
        PGDATABASE: database,
        ...(source.password === null ? {} : { PGPASSWORD: source.password }),
      },
    },
  );
  return printed.trimEnd().split('\n').at(-1) ?? '';
}

/** The last step: brings the schema of what was restored up to date, where a command for that is set. */
export async function migrate(
  config: Config,
  database: string,
  where: MigrateSetting,
  say: (line: string) => void,
  signal: AbortSignal,
): Promise<void> {
  const command = config.migrateCommand;
  if (command === null) {
    say('migrations: skipped, because RESTORE_MIGRATE_COMMAND is not set');
    return;
  }
  say(`migrations: ${command}`);
  try {
    const last = await runMigrations(config, database, command, where, signal);
    say(`migrations: done${last === '' ? '' : ` (${last})`}`);
  } catch (thrown) {
    const error = toAppError(thrown);
    throw new AppError(
      'restore_failed',
      `${database} was restored and its rows agree, but the migrations failed: ${error.message}`,
      {
        hint: 'Mend what it says and run the migrations by hand; the restore itself need not be repeated.',
        cause: error,
      },
    );
  }
}
