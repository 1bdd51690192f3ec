import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';

/**
 * Where each program comes from: its Debian package and its Homebrew formula (null: none known). Runs on Node 20
 * before anything is installed, so it imports nothing but node: modules.
 */
export const PROGRAMS = {
  postgres: { debian: 'postgresql', brew: 'postgresql@18' },
  initdb: { debian: 'postgresql', brew: 'postgresql@18' },
  pg_dump: { debian: 'postgresql-client', brew: 'postgresql@18' },
  pg_restore: { debian: 'postgresql-client', brew: 'postgresql@18' },
  psql: { debian: 'postgresql-client', brew: 'postgresql@18' },
  zstd: { debian: 'zstd', brew: 'zstd' },
  age: { debian: 'age', brew: 'age' },
  'age-keygen': { debian: 'age', brew: 'age' },
  openssl: { debian: 'openssl', brew: 'openssl@3' },
  'redis-server': { debian: 'redis-server', brew: 'redis' },
  'redis-cli': { debian: 'redis-tools', brew: 'redis' },
  'redis-check-rdb': { debian: 'redis-tools', brew: 'redis' },
  chromium: { debian: 'chromium', brew: '--cask chromium' },
  'ceph-mon': { debian: 'ceph-mon', brew: null },
  'ceph-osd': { debian: 'ceph-osd', brew: null },
  radosgw: { debian: 'radosgw', brew: null },
  ceph: { debian: 'ceph-common', brew: null },
};

/** Debian keeps server programs out of PATH: /usr/lib/postgresql/<major>/bin, newest first. */
function folders() {
  const root = '/usr/lib/postgresql';
  const majors = existsSync(root)
    ? readdirSync(root)
        .map(Number)
        .filter(Number.isInteger)
        .sort((a, b) => b - a)
    : [];
  const path = (process.env.PATH ?? '').split(':').filter((folder) => folder !== '');
  const usual = ['/usr/local/bin', '/usr/bin', '/bin', '/usr/local/sbin', '/usr/sbin', '/sbin'];
  return [...majors.map((major) => join(root, String(major), 'bin')), ...path, ...usual];
}

/** The full path of a program, or null. */
export function findProgram(name) {
  for (const folder of folders()) {
    const file = join(folder, name);
    try {
      accessSync(file, constants.X_OK);
      return file;
    } catch {
      // Not in this folder.
    }
  }
  return null;
}

const asRoot = () => {
  if (process.getuid?.() === 0) return [];
  const sudo = spawnSync('sudo', ['-n', 'true'], { stdio: 'ignore' });
  return sudo.status === 0 ? ['sudo', '-n'] : null;
};

function apt(prefix, args, log) {
  // DEBIAN_FRONTEND stands in argv, because sudo drops the environment.
  const [file, ...rest] = [
    ...prefix,
    'env',
    'DEBIAN_FRONTEND=noninteractive',
    'apt-get',
    '-y',
    '-q',
    ...args,
  ];
  const result = spawnSync(file, rest, { stdio: ['ignore', 'pipe', 'pipe'], encoding: 'utf8' });
  if (result.status !== 0) log(`${result.stdout}\n${result.stderr}`.trim().split('\n').slice(-15).join('\n'));
  return result.status === 0;
}

/** Installs without the server on port 5432 that Debian would otherwise make and start, which nobody asked for. */
function withoutServer(prefix, install) {
  const setting = '/etc/postgresql-common/createcluster.d/holdfast.conf';
  const asShell = (script) => {
    const [file, ...rest] = [...prefix, 'sh', '-c', script];
    spawnSync(file, rest, { stdio: 'ignore' });
  };
  asShell(`mkdir -p ${dirname(setting)} && echo 'create_main_cluster = false' > ${setting}`);
  try {
    return install();
  } finally {
    asShell(`rm -f ${setting}`);
  }
}

/**
 * Makes sure that these programs (keys of PROGRAMS) can be run; installs their Debian packages where apt-get is there
 * and we are root or have sudo without a password. Throws one Error that names what is missing and how to get it.
 */
export function ensurePrograms(names, { log }) {
  const absent = () => names.filter((name) => findProgram(name) === null);
  let missing = absent();
  if (missing.length === 0) return;
  const prefix = findProgram('apt-get') === null ? null : asRoot();
  if (prefix !== null) {
    const packages = [...new Set(missing.map((name) => PROGRAMS[name].debian))];
    log(`installing Debian packages: ${packages.join(' ')}`);
    const isInstalled = withoutServer(
      prefix,
      () =>
        apt(prefix, ['install', '--no-install-recommends', ...packages], () => undefined) ||
        // Package lists may be absent (a fresh container) or too old.
        (apt(prefix, ['update'], log) &&
          apt(prefix, ['install', '--no-install-recommends', ...packages], log)),
    );
    missing = isInstalled ? absent() : missing;
    if (missing.length === 0) return;
  }
  const of = (key) => [
    ...new Set(missing.map((name) => PROGRAMS[name][key]).filter((name) => name !== null)),
  ];
  const brew = of('brew');
  throw new Error(
    `these programs are missing: ${missing.join(', ')}. ` +
      `On Debian or Ubuntu run: apt-get install ${of('debian').join(' ')}` +
      (brew.length === 0 ? '' : `; on macOS run: ${brew.map((name) => `brew install ${name}`).join(' && ')}`),
  );
}
