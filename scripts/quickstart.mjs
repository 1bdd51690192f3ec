// Runs on any Node from 20 with nothing installed: only Node's own modules here, and plain JavaScript.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { constants } from 'node:os';
import { delimiter, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findPostgresServers, findProgram } from './dev/postgres-programs.mjs';

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

function missingPackages() {
  /** @type {string[]} */
  const missing = [];
  const needsServer = !isSet('DATABASE_URL') || !isSet('PGDATABASE');
  const hasServer = findPostgresServers().length > 0;
  if (needsServer && !hasServer) missing.push('postgresql');
  if (!hasServer && findProgram('pg_dump') === null) missing.push('postgresql-client');
  for (const name of ['zstd', 'age']) if (findProgram(name) === null) missing.push(name);
  return missing;
}

/** Installs Debian packages where that needs no question. @param {string[]} packages */
function installPackages(packages) {
  const brew = packages.map((name) => name.replace(/^postgresql(-client)?$/, 'postgresql@17'));
  const advice = `Debian and Ubuntu: sudo apt-get install ${packages.join(' ')}. macOS: brew install ${[...new Set(brew)].join(' ')}.`;
  const isRoot = process.getuid?.() === 0;
  const canSudo = !isRoot && spawnSync('sudo', ['-n', 'true'], { stdio: 'ignore' }).status === 0;
  if (findProgram('apt-get') === null || (!isRoot && !canSudo))
    fail(`these programs are missing: ${packages.join(', ')}`, advice);
  process.stdout.write(`Installing the Debian packages ${packages.join(', ')}.\n`);
  // Without the marker file Debian makes and starts a server of its own on port 5432, which nobody asked for.
  const script = `
    set -e
    export DEBIAN_FRONTEND=noninteractive
    marker=/etc/postgresql-common/createcluster.d/holdfast-quickstart.conf
    trap 'rm -f "$marker"' EXIT
    mkdir -p "\${marker%/*}"
    echo 'create_main_cluster = false' > "$marker"
    apt-get -qq -o DPkg::Lock::Timeout=120 update
    apt-get -qq -y -o DPkg::Lock::Timeout=120 -o Dpkg::Options::=--force-confold --no-install-recommends install "$@"`;
  const command = ['sh', '-c', script, 'sh', ...packages];
  const [program, ...args] = isRoot ? command : ['sudo', '-n', ...command];
  const result = spawnSync(program ?? 'sh', args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
  if (result.status !== 0) {
    process.stderr.write(`${result.stdout ?? ''}${result.stderr ?? ''}\n`);
    fail('apt-get did not succeed', advice);
  }
}

if (!areModulesFresh()) installModules();
const missing = missingPackages();
if (missing.length > 0) {
  installPackages(missing);
  const still = missingPackages();
  if (still.length > 0)
    fail(`these programs are still missing: ${still.join(', ')}`, 'Install them by hand and start again.');
}

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
child.once('error', (error) => {
  fail(`Node 24 could not be started: ${error.message}`, 'Remove node_modules and start again.');
});
child.once('exit', (code, signal) => {
  process.exit(code ?? 128 + (signal === null ? 0 : constants.signals[signal]));
});
