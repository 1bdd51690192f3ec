// Runs on any Node from 20 with nothing installed: only Node's own modules here, and plain JavaScript.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { constants } from 'node:os';
import { delimiter, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findPostgresServers } from './dev/postgres-programs.mjs';
import { ensurePrograms, findProgram } from './programs.mjs';

const root = resolve(fileURLToPath(new URL('..', import.meta.url)));
process.chdir(root);

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

function areModulesFresh() {
  const installed = join(root, 'node_modules/.package-lock.json');
  if (!existsSync(installed) || !existsSync(node)) return false;
  return statSync(installed).mtimeMs >= statSync(join(root, 'package-lock.json')).mtimeMs;
}

function installModules() {
  process.stdout.write('Installing the packages of package-lock.json.\n');
  // npm puts this clone's own Node first on PATH; npm ci is about to delete that one.
  const path = (process.env.PATH ?? '')
    .split(delimiter)
    .filter((folder) => !folder.startsWith(join(root, 'node_modules')));
  const result = spawnSync('npm', ['ci', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error'], {
    env: { ...process.env, PATH: path.join(delimiter) },
    stdio: ['ignore', 'pipe', 'pipe'],
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
  if (result.status !== 0) {
    process.stderr.write(`${result.stdout ?? ''}${result.stderr ?? result.error?.message ?? ''}\n`);
    fail('npm ci did not succeed', 'Read what npm said above; a network or a full disk is the usual cause.');
  }
}

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

/** Runs a shell script as root, where that needs no question. @param {string} script */
function asRoot(script) {
  const command = ['sh', '-c', script];
  const [program, ...args] = process.getuid?.() === 0 ? command : ['sudo', '-n', ...command];
  spawnSync(program ?? 'sh', args, { stdio: 'ignore' });
}

/** @param {string[]} names */
function installPrograms(names) {
  const marker = '/etc/postgresql-common/createcluster.d/holdfast-quickstart.conf';
  const needsMarker = names.includes('postgres') && existsSync('/etc/debian_version');
  // Without it Debian makes and starts a server of its own on port 5432, which nobody asked for.
  if (needsMarker) asRoot(`mkdir -p ${dirname(marker)} && echo 'create_main_cluster = false' > ${marker}`);
  let problem = '';
  try {
    ensurePrograms(names, { log: (/** @type {string} */ line) => process.stdout.write(`${line}\n`) });
  } catch (error) {
    problem = error instanceof Error ? error.message : String(error);
  }
  if (needsMarker) asRoot(`rm -f ${marker}`);
  if (problem !== '') fail('not every program is here', problem);
}

if (!areModulesFresh()) installModules();
const missing = missingPrograms();
if (missing.length > 0) installPrograms(missing);

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
