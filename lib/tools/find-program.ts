import { access, constants } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError } from '../core/errors.ts';
import type { RunContext } from '../core/run-context.ts';
import type { Config } from '../platform/config.ts';
import { readTool } from './read-tool.ts';

export interface Program {
  /** An absolute path. */
  readonly file: string;
  /** For example `1.5.4`. */
  readonly version: string;
}

const usualFolders = ['/usr/local/bin', '/usr/bin', '/bin', '/opt/homebrew/bin', '/opt/local/bin'];

/** The package that holds a program, for the people who must install it. */
const packages = {
  zstd: { debian: 'zstd', brew: 'zstd' },
  age: { debian: 'age', brew: 'age' },
  'age-keygen': { debian: 'age', brew: 'age' },
  gzip: { debian: 'gzip', brew: 'gzip' },
  sync: { debian: 'coreutils', brew: 'coreutils' },
  psql: { debian: 'postgresql-client', brew: 'postgresql' },
  'redis-cli': { debian: 'redis-tools', brew: 'redis' },
  'redis-check-rdb': { debian: 'redis-tools', brew: 'redis' },
  'valkey-cli': { debian: 'valkey-tools', brew: 'valkey' },
  'valkey-check-rdb': { debian: 'valkey-tools', brew: 'valkey' },
} as const;

export async function isExecutable(file: string): Promise<boolean> {
  try {
    await access(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Every program of this name, in the order of search: PATH, then the usual folders; with what it says of itself. */
export async function* listPrograms(
  config: Pick<Config, 'searchPath'>,
  name: string,
  ctx: Pick<RunContext, 'signal'>,
): AsyncGenerator<Program & { readonly said: string }> {
  for (const folder of [...config.searchPath, ...usualFolders]) {
    const file = join(folder, name);
    if (!folder.startsWith('/') || !(await isExecutable(file))) continue;
    const said = await readTool(ctx, { file, args: ['--version'] });
    yield { file, version: /\bv?(\d+(?:\.\d+)+)/.exec(said)?.[1] ?? 'unknown', said };
  }
}

/** Finds a program on PATH or in the usual folders, and asks it for its version. Throws `tool_missing`. */
export async function findProgram(
  config: Pick<Config, 'searchPath'>,
  name: keyof typeof packages,
  ctx: Pick<RunContext, 'signal'>,
): Promise<Program> {
  for await (const { file, version } of listPrograms(config, name, ctx)) return { file, version };
  throw new AppError('tool_missing', `${name} is not installed on this machine`, {
    hint: `Install it: "apt-get install ${packages[name].debian}" on Debian and Ubuntu, "brew install ${packages[name].brew}" on macOS.`,
    fields: { tool: name },
  });
}
