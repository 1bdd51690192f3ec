import { userInfo } from 'node:os';
import { resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import type { z } from 'zod';
import { createBackend, type Backend } from '#db/backend.ts';
import { catalogueErrorCode, translateCatalogueError } from '#db/errors.ts';
import type { Actor } from '#lib/core/actor.ts';
import { AppError } from '#lib/core/errors.ts';
import { loadConfig } from '#lib/platform/config.ts';
import { createLogger } from '#lib/platform/logger.ts';
import { parseTyped } from '../typed-options.ts';

export interface Option {
  readonly type: 'string' | 'boolean';
  /** What stands for the value in the help, for example `N`. */
  readonly value?: string;
  readonly help: string;
}

/** One verb of the command line. */
export interface Command {
  /** The words that call it: `token create`. */
  readonly name: string;
  readonly summary: string;
  /** Further paragraphs of its help. */
  readonly details?: string;
  readonly options: Readonly<Record<string, Option>>;
  /** Takes --output FILE, which gets the same JSON. */
  readonly writesReport?: boolean;
  run(values: Values): Promise<Output>;
}
export type Values = Readonly<Record<string, string | boolean | undefined>>;

/** What a command tells on stdout: one line for people and scripts, or the same as JSON. */
export interface Output {
  readonly line: string;
  readonly json: object;
  /** What went wrong although there is something to tell; gives the exit code. */
  readonly error?: AppError;
  /** Where a command promises exit codes of its own. */
  readonly exitCode?: number;
}

const COMMON: Readonly<Record<string, Option>> = {
  json: { type: 'boolean', help: 'print one JSON object instead of a line, errors too (on stderr)' },
  help: { type: 'boolean', help: 'print this and do nothing' },
};

const REPORT: Readonly<Record<string, Option>> = {
  output: { type: 'string', value: 'FILE', help: 'write the JSON to this file too' },
};

const optionsOf = (command: Command): Readonly<Record<string, Option>> => ({
  ...command.options,
  ...(command.writesReport === true ? REPORT : {}),
  ...COMMON,
});

export function usageOf(command: Command): string {
  const options = Object.entries(optionsOf(command)).map(([name, option]) => ({
    left: `--${name}${option.value === undefined ? '' : ` ${option.value}`}`,
    help: option.help,
  }));
  const width = Math.max(...options.map(({ left }) => left.length)) + 2;
  return [
    `Usage: npm run --silent holdfast -- ${command.name} [OPTIONS]`,
    '',
    `${command.summary}.`,
    ...(command.details === undefined ? [] : ['', command.details]),
    '',
    ...options.map(({ left, help }) => `  ${left.padEnd(width)}${help}`),
    '',
  ].join('\n');
}

/** Throws `usage` for options the command does not know. */
export function parseOptions(command: Command, args: readonly string[]): Values {
  const options = Object.fromEntries(
    Object.entries(optionsOf(command)).map(([name, { type }]) => [name, { type }]),
  );
  return parseTyped(
    { args: [...args], options, strict: true, allowPositionals: false },
    `npm run --silent holdfast -- ${command.name} --help lists the options.`,
  ).values;
}

/** Throws `usage` where a needed option is absent. */
export function needOption(values: Values, name: string): string {
  const value = values[name];
  if (typeof value === 'string' && value !== '') return value;
  throw new AppError('usage', `--${name} is missing`, { hint: 'Add --help to see what the command needs.' });
}

/** A path as it was typed: npm runs its scripts in the folder of package.json, wherever the person stands. */
export const typedPath = (path: string): string => resolve(process.env['INIT_CWD'] ?? process.cwd(), path);

/** Checks input against its contract; throws `invalid` naming the field. */
export function check<Schema extends z.ZodType>(schema: Schema, input: unknown): z.output<Schema> {
  const result = schema.safeParse(input);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  const field = String(issue?.path[0] ?? 'input');
  throw new AppError('invalid', `${field}: ${issue?.message ?? 'not accepted'}`, {
    hint: `Give another value for ${field}.`,
    fields: { field },
  });
}

/** A password from standard input, without the line break at its end. */
export async function readPassword(): Promise<string> {
  return (await text(process.stdin)).replace(/\r?\n$/, '');
}

/** Who the audit log says it was: the person logged in on this machine. */
export function commandActor(command: string): Actor {
  let name = 'cli';
  try {
    name = userInfo().username;
  } catch {
    // A container may run under an id without a name.
  }
  return { kind: 'cli', id: command, name, role: 'admin' };
}

/** Opens the catalogue for one piece of work, and closes it whatever happens. */
export async function withBackend<Result>(work: (backend: Backend) => Promise<Result>): Promise<Result> {
  const config = loadConfig();
  const backend = createBackend(config, {
    applicationName: 'holdfast-cli',
    log: createLogger(config.logLevel, { process: 'cli' }),
  });
  try {
    return await work(backend);
  } catch (error) {
    if (catalogueErrorCode(error) === '42P01') {
      throw new AppError('config', 'the catalogue has not been set up', {
        hint: 'Run npm run db:migrate, then try again.',
        cause: error,
      });
    }
    throw translateCatalogueError(error);
  } finally {
    await backend.close();
  }
}
