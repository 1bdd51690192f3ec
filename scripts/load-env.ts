import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseEnv } from 'node:util';
import { AppError } from '#lib/core/errors.ts';

/** The folder of package.json. */
export const ROOT = resolve(fileURLToPath(new URL('..', import.meta.url)));

/** A file of KEY=VALUE lines; nothing when there is no such file. */
export function readEnvFile(path: string): Record<string, string> {
  try {
    return parseEnv(readFileSync(path, 'utf8')) as Record<string, string>;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {};
    throw new AppError('config', `could not read ${path}`, {
      hint: 'Check who may read the file, or run as the user who made it.',
      cause: error,
    });
  }
}

function addMissing(target: NodeJS.ProcessEnv, more: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(more)) {
    target[name] ??= value;
  }
}

/** Adds `.env` to the environment, which always wins, and makes HOLDFAST_DATA_DIR absolute. */
export function loadDotEnv(env: NodeJS.ProcessEnv = process.env, root = ROOT): void {
  const given = env['HOLDFAST_DATA_DIR'];
  addMissing(env, readEnvFile(resolve(root, '.env')));
  // A path typed at a prompt is relative to where it was typed; one in .env to the file.
  env['HOLDFAST_DATA_DIR'] =
    given === undefined || given === ''
      ? resolve(root, env['HOLDFAST_DATA_DIR'] || '.holdfast')
      : resolve(given);
}

/**
 * What a command needs to work on this installation: the environment, then `.env`, then what the quickstart keeps in
 * `<data dir>/env`. Call it before the configuration is read.
 */
export function loadEnvironment(env: NodeJS.ProcessEnv = process.env, root = ROOT): void {
  loadDotEnv(env, root);
  addMissing(env, readEnvFile(resolve(env['HOLDFAST_DATA_DIR'] ?? '.holdfast', 'env')));
}
