import { AppError } from '#lib/core/errors.ts';
import { parseOptions, usageOf, type Command } from './cli/command.ts';
import { tokenCreate } from './cli/token-create.ts';
import { userCreate } from './cli/user-create.ts';
import { userResetPassword } from './cli/user-reset-password.ts';
import { loadEnvironment } from './load-env.ts';
import { printError } from './print-error.ts';

const commands: readonly Command[] = [tokenCreate, userCreate, userResetPassword];

function usage(): string {
  const width = Math.max(...commands.map(({ name }) => name.length)) + 2;
  return [
    'Usage: npm run --silent holdfast -- COMMAND [OPTIONS]',
    '',
    ...commands.map(({ name, summary }) => `  ${name.padEnd(width)}${summary}`),
    '',
    'COMMAND --help tells the options of one command.',
    'It finds the catalogue by DATABASE_URL, from the environment, .env or what the quickstart keeps.',
    'Exit codes: 0 done, 2 wrong usage, 5 wrong value, 10 not found, 12 there already, 20 configuration, 21 no catalogue.',
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
  process.stdout.write(values['json'] === true ? `${JSON.stringify(output.json)}\n` : `${output.line}\n`);
}

const args = process.argv.slice(2);
try {
  await run(args);
} catch (error) {
  process.exitCode = printError(error, { asJson: args.includes('--json') });
}
