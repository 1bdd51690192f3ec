// Runs on any Node from 20 with nothing installed: only Node's own modules here, and plain JavaScript.
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findPostgresServers } from './dev/postgres-programs.mjs';
import { ensureModules } from './modules.mjs';
import { ensurePrograms, findProgram } from './programs.mjs';

const root = resolve(fileURLToPath(new URL('..', import.meta.url)));
process.chdir(root);

const HELP = `Usage: npm run quickstart

Installs what is missing, creates a database cluster, a catalogue, the first administrator and a demo application where
none is named, builds, and runs web and worker in the foreground until Ctrl-C or SIGTERM. Never asks. A second start
keeps all data.

Variables, from the environment or .env (README lists all):
  PORT                                          where the console answers (default: 3000)
  HOLDFAST_DATA_DIR                             what it keeps (default: .holdfast)
  HOLDFAST_ADMIN_EMAIL, HOLDFAST_ADMIN_PASSWORD the first administrator (default: made up and printed once)
  DATABASE_URL                                  the catalogue (default: a cluster of its own)
  PGHOST … PGDATABASE                           the database to back up (default: a demo)
`;
if (process.argv.includes('--help')) {
  process.stdout.write(HELP);
  process.exit(0);
}

/** @param {string} message @param {string} hint @returns {never} */
function fail(message, hint) {
  process.stderr.write(`error: ${message}\nHINT: ${hint}\n`);
  process.exit(1);
}

if (Number(process.versions.node.split('.')[0]) < 20)
  fail(
    `Node ${process.versions.node} is too old`,
    'Install Node 20 or later; Holdfast brings the Node 24 it runs on.',
  );

const node = join(root, 'node_modules/.bin/node');

/** Whether the environment or .env gives this variable a value. @param {string} name */
function isSet(name) {
  if (process.env[name]) return true;
  const file = join(root, '.env');
  return (
    existsSync(file) &&
    new RegExp(`^\\s*(export\\s+)?${name}\\s*=\\s*["']?[^\\s"'#]`, 'm').test(readFileSync(file, 'utf8'))
  );
}

/** Names from scripts/programs.mjs that are not here. */
function missingPrograms() {
  const needsServer = !isSet('DATABASE_URL') || !isSet('PGDATABASE');
  // Finds more than programs.mjs does: Homebrew keeps versioned servers out of PATH.
  const hasServer = findPostgresServers().length > 0;
  const names = ['zstd', 'age'];
  if (!hasServer) names.push('pg_dump', 'pg_restore');
  if (!hasServer && needsServer) names.push('postgres', 'initdb');
  return names.filter((name) => findProgram(name) === null);
}

const log = (/** @type {string} */ line) => process.stdout.write(`${line}\n`);
/** @param {() => void} act @param {string} what */
function orFail(act, what) {
  try {
    act();
  } catch (error) {
    fail(what, error instanceof Error ? error.message : String(error));
  }
}

orFail(() => {
  ensureModules(root, { log });
}, 'the packages could not be installed');
orFail(() => {
  ensurePrograms(missingPrograms(), { log });
}, 'not every program is here');

const child = spawn(node, ['scripts/dev/quickstart.ts', ...process.argv.slice(2)], {
  stdio: 'inherit',
  // A group of its own: Ctrl-C comes to it once, from here, and not a second time from the terminal.
  detached: true,
});
for (const name of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])) {
  process.on(name, () => {
    child.kill(name);
  });
}
if (process.env.npm_lifecycle_event === 'quickstart') {
  const parent = process.ppid;
  setInterval(() => {
    // npm was killed and could not pass it on.
    if (process.ppid !== parent) child.kill('SIGTERM');
  }, 1000).unref();
}
child.once('error', (error) => {
  fail(`Node 24 could not be started: ${error.message}`, 'Remove node_modules and start again.');
});
child.once('exit', (code, signal) => {
  process.exit(code ?? 128 + (signal === null ? 0 : constants.signals[signal]));
});
