import { writeFileSync } from 'node:fs';
import { AppError } from '#lib/core/errors.ts';
import { cleanup } from './cli/cleanup.ts';
import { parseOptions, typedPath, usageOf, type Command } from './cli/command.ts';
import { create } from './cli/create.ts';
import { drill } from './cli/drill.ts';
import { list } from './cli/list.ts';
import { rebuild } from './cli/rebuild.ts';
import { restore } from './cli/restore.ts';
import { restoreAll } from './cli/restore-all.ts';
import { status } from './cli/status.ts';
import { tokenCreate } from './cli/token-create.ts';
import { userCreate } from './cli/user-create.ts';
import { userResetPassword } from './cli/user-reset-password.ts';
import { verify } from './cli/verify.ts';
import { loadEnvironment } from './load-env.ts';
import { printError } from './print-error.ts';

const commands: readonly Command[] = [
  create,
  list,
  verify,
  restore,
  restoreAll,
  drill,
  status,
  cleanup,
  rebuild,
  tokenCreate,
  userCreate,
  userResetPassword,
];

function usage(): string {
  const width = Math.max(...commands.map(({ name }) => name.length)) + 2;
  return [
    'Usage: npm run --silent holdfast -- COMMAND [OPTIONS]',
    '',
    ...commands.map(({ name, summary }) => `  ${name.padEnd(width)}${summary}`),
    '',
    'COMMAND --help tells the options of one command.',
    'It finds the catalogue by DATABASE_URL, from the environment, .env or what the quickstart keeps.',
    'Exit codes: 0 done, 2 wrong usage, 3 partly, 5 wrong value, 10 not found, 12 there already, 20 configuration,',
    '21 no catalogue, 22 no worker, 52 verification failed, 61 restore failed; docs/errors.md has them all.',
    '',
  ].join('\n');
}

async function run(args: readonly string[]): Promise<void> {
  const firstOption = args.findIndex((arg) => arg.startsWith('-'));
  const words = (firstOption === -1 ? args : args.slice(0, firstOption)).join(' ');
  const rest = firstOption === -1 ? [] : args.slice(firstOption);
  const command = commands.find(({ name }) => name === words);
  if (command === undefined) {
    if (args.length === 0 || args.includes('--help')) {
      process.stdout.write(usage());
      return;
    }
    throw new AppError('usage', words === '' ? 'no command was given' : `there is no command "${words}"`, {
      hint: 'npm run --silent holdfast -- --help lists the commands.',
    });
  }
  const values = parseOptions(command, rest);
  if (values['help'] === true) {
    process.stdout.write(usageOf(command));
    return;
  }
  loadEnvironment();
  const output = await command.run(values);
  const asJson = values['json'] === true;
  if (asJson) process.stdout.write(`${JSON.stringify(output.json)}\n`);
  else if (output.line !== '') process.stdout.write(`${output.line}\n`);
  if (typeof values['output'] === 'string') writeReport(typedPath(values['output']), output.json);
  if (output.error !== undefined) process.exitCode = printError(output.error, { asJson });
  if (output.exitCode !== undefined) process.exitCode = output.exitCode;
}

function writeReport(path: string, json: object): void {
  try {
    writeFileSync(path, `${JSON.stringify(json, null, 2)}\n`);
  } catch (cause) {
    throw new AppError('usage', `the report could not be written to ${path}`, {
      hint: 'Name a file in a folder that exists and that this user may write to.',
      cause,
    });
  }
}

const args = process.argv.slice(2);
try {
  await run(args);
} catch (error) {
  process.exitCode = printError(error, { asJson: args.includes('--json') });
}
