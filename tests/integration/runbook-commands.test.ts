import { execFile, spawn } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { ScenarioId } from '#lib/contracts/runbook.ts';
import type { ArchiveResult } from '#lib/engine/archive.ts';
import { parseConfig } from '#lib/platform/config.ts';
import type { RunbookNames } from '#lib/runbook/runbook-names.ts';
import { scenarios } from '#lib/runbook/scenarios.ts';
import { archiveWal, switchWal } from '#tests/support/archiving-server.ts';
import { postgresBinDir, startPostgres, type TestPostgres } from '#tests/support/postgres.ts';
import { takeArchive } from '#tests/support/take-archive.ts';

const run = promisify(execFile);
const HOLDFAST = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
/** What a shell and SQL take for their own. */
const DATABASE = `Odd "ims"'s db`;
const TAKEN_AT = new Date('2026-11-21T01:00:00Z');

let server: TestPostgres;
let folder: string;
let archive: ArchiveResult;
/** Most of what a runbook is for works without a catalogue. */
let catalogueUrl = '';
/** Lines that the stand-ins for services and for the cloud wrote: what was called, with which words. */
const called = (): string[] =>
  existsSync(join(folder, 'called')) ? readFileSync(join(folder, 'called'), 'utf8').trim().split('\n') : [];
const note = (what: string): string => `echo ${what} >> '${join(folder, 'called')}'`;

const names = (): RunbookNames => ({
  database: DATABASE,
  host: '127.0.0.1',
  port: server.port,
  user: 'postgres',
  localPath: join(folder, 'kept in here'),
  s3: { bucket: 'ims-backups', region: 'eu-central-1', endpoint: 'http://127.0.0.1:9' },
  rpoHours: 24,
  rtoMinutes: 60,
  commands: {
    stopServices: note('stop'),
    startServices: note('start'),
    migrate: note('migrate'),
    healthCheck: note('health'),
    restartRedis: note('redis'),
    deploy: note('deploy'),
    restoreFiles: note('files'),
    restoreConfiguration: note('configuration'),
    logFolder: join(folder, 'the logs'),
  },
  backup: {
    filename: archive.filename,
    takenAt: TAKEN_AT.toISOString(),
    recoveryMs: 1000,
    isProven: true,
    isEncrypted: false,
    localKey: archive.filename,
    s3Key: `backups/daily/2026-11-21/${archive.filename}`,
  },
});

const environment = (): NodeJS.ProcessEnv => ({
  ...process.env,
  PATH: `${join(folder, 'programs')}:${postgresBinDir()}:${process.env['PATH'] ?? ''}`,
  PGHOST: '127.0.0.1',
  PGPORT: String(server.port),
  PGUSER: 'postgres',
  PGPASSWORD: 'postgres',
  PGDATABASE: DATABASE,
  DATABASE_URL: catalogueUrl,
  HOLDFAST_DATA_DIR: join(folder, 'data'),
  BACKUP_LOCAL_PATH: join(folder, 'kept in here'),
  BACKUP_WAL_PATH: join(folder, 'the log'),
  BACKUP_TIMEZONE: 'UTC',
});

/** As a person types it, who answers the one question a restore asks. */
function type(command: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn('sh', ['-ec', command], { cwd: join(folder, 'desk'), env: environment() });
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => (output += text));
    child.stdin.on('error', () => undefined);
    child.stdin.end(command.startsWith('scripts/restore.sh') ? `${DATABASE}\n` : '');
    child.once('error', reject);
    child.once('close', (code) => {
      if (code === 0) resolve(output);
      else reject(new Error(`exit code ${String(code)} of ${command}\n${output}`));
    });
  });
}
const sql = async (database: string, text: string): Promise<string> => {
  const { stdout } = await run('psql', ['--no-psqlrc', '-qAt', '-v', 'ON_ERROR_STOP=1', '-c', text], {
    env: { ...environment(), PGDATABASE: database },
  });
  return stdout.trim();
};
const rows = (): Promise<string> => sql(DATABASE, 'select count(*) || $$|$$ || sum(id) from items');
const WHOLE = '500|125250';

/** What a person puts in place of the words in capitals. */
const WORDS: Record<string, string> = { TABLE: 'items' };

/** Types every command of a scenario but those of the steps in `without`. */
async function workThrough(id: ScenarioId, without: readonly string[] = []): Promise<Map<string, string>> {
  const steps = scenarios(names()).find((each) => each.id === id)?.steps ?? [];
  const outputs = new Map<string, string>();
  for (const step of steps) {
    if (without.includes(step.id)) continue;
    for (const command of step.commands) {
      const typed = Object.entries(WORDS).reduce((text, [word, by]) => text.replaceAll(word, by), command);
      const output = await type(typed);
      outputs.set(step.id, (outputs.get(step.id) ?? '') + output);
    }
  }
  return outputs;
}

/** Stand-ins for what a test must not do: they write down how they were called; `aws s3 cp` takes from the folder. */
const STAND_INS: Readonly<Record<string, string>> = {
  'apt-get': 'exit 0',
  'redis-cli': '[ "$1" = ping ] && echo PONG',
  aws: 'case "$1 $2" in "s3 cp") cp "$FROM/${3##*/}" . ;; "s3 ls") ls "$FROM" ;; *) exit 1 ;; esac',
};

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'hf-runbook-'));
  // The user of the server keeps its log here, and is to come back here.
  chmodSync(folder, 0o755);
  for (const each of ['desk', 'programs', 'the logs', 'the log', 'data']) mkdirSync(join(folder, each));
  for (const [name, text] of Object.entries(STAND_INS)) {
    const file = join(folder, 'programs', name);
    writeFileSync(
      file,
      `#!/bin/sh\nFROM='${join(folder, 'kept in here')}'\n${note(`"${name} $*"`)}\n${text}\n`,
    );
    chmodSync(file, 0o755);
  }
  // The commands that say "in the folder of Holdfast" begin with scripts/ or npm.
  for (const each of ['scripts', 'package.json', 'node_modules'])
    symlinkSync(join(HOLDFAST, each), join(folder, 'desk', each));
  server = await startPostgres();
  await archiveWal(server, join(folder, 'the log'), folder);
  await server.createDatabase(DATABASE);
  await sql(
    DATABASE,
    `create table items (id int primary key, name text);
     insert into items select i, 'item ' || i from generate_series(1, 500) i;
     create table notes (id int primary key, item_id int references items); insert into notes values (1, 1)`,
  );
  archive = await takeArchive(parseConfig(environment()), { takenAt: TAKEN_AT });
}, 60_000);
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});
beforeEach(async () => {
  rmSync(join(folder, 'called'), { force: true });
  for (const name of await sql(
    'postgres',
    "select datname from pg_database where datname like 'Odd%' and datname <> $$Odd \"ims\"'s db$$",
  ).then((text) => text.split('\n')))
    if (name !== '') await sql('postgres', `drop database "${name.replaceAll('"', '""')}"`);
});

const damage = () => sql(DATABASE, 'delete from notes; delete from items where id > 10');

test('database loss: the script brings everything back', async () => {
  await damage();
  const outputs = await workThrough('database-loss', ['restore-by-kit']);
  expect(outputs.get('fetch-backup')).toContain('whole:');
  expect(await rows()).toBe(WHOLE);
  expect(called().filter((line) => !line.startsWith('aws'))).toEqual(['stop', 'migrate', 'start', 'health']);
});

test('database loss with Holdfast down: the kit restores beside and exchanges the two, the old one stays', async () => {
  await damage();
  await workThrough('database-loss', ['restore-database', 'verify-backup']);
  expect(await rows()).toBe(WHOLE);
  expect(await sql(`${DATABASE}_before_restore`, 'select count(*) from items')).toBe('10');
});

test('complete server failure: into an empty server, from the copy elsewhere', async () => {
  await sql('postgres', `alter database "${DATABASE.replaceAll('"', '""')}" rename to "Odd one out"`);
  await workThrough('server-failure');
  expect(await rows()).toBe(WHOLE);
  expect(called().filter((line) => !line.startsWith('aws'))).toEqual([
    'apt-get update',
    'apt-get install --yes nodejs npm postgresql redis-server zstd age awscli',
    'deploy',
    'files',
    'configuration',
    'migrate',
    'start',
    'health',
  ]);
  expect(called().filter((line) => line.startsWith('aws s3 cp'))).toHaveLength(3);
});

test.each(['cluster-loss', 'ransomware'] as const)('%s: the same, and the data is looked at', async (id) => {
  await sql('postgres', `alter database "${DATABASE.replaceAll('"', '""')}" rename to "Odd one out"`);
  const outputs = await workThrough(id);
  expect(await rows()).toBe(WHOLE);
  expect(outputs.get('check-data')).toContain('items');
  if (id === 'ransomware') expect(outputs.get('no-malware')).toContain('postgres');
});

test('accidental deletion: the table comes back alone, or beside for single records, and the server as it was', async () => {
  await run(join(HOLDFAST, 'scripts/base-backup.sh'), { env: environment() });
  await sql(DATABASE, 'create table since (id int); insert into since values (1)');
  WORDS['INSTANT'] = await sql(DATABASE, 'select clock_timestamp()');
  WORDS['NEW_FOLDER'] = join(folder, 'as-it-was');
  await sql(
    DATABASE,
    'delete from notes; delete from items where id > 10; create table newer (id int); insert into newer values (7); drop table since',
  );
  await switchWal(server, join(folder, 'the log'));
  const outputs = await workThrough('accidental-deletion');
  expect(outputs.get('find-backup')).toContain('10');
  // 500 items, a note, and what was written after the backup.
  expect(outputs.get('point-in-time')).toContain('3 tables, 502 rows');
  expect(outputs.get('single-record')).toContain('500');
  expect(outputs.get('check-rows')).toContain('500');
  expect(await rows()).toBe(WHOLE);
  expect(await sql(DATABASE, 'select count(*) from newer')).toBe('1');
  await sql(DATABASE, 'drop table newer');
});

test('corruption: everything is read, kept, repaired and read again; then restored', async () => {
  await damage();
  await workThrough('corruption', ['restore-by-kit']);
  expect(await rows()).toBe(WHOLE);
  expect(existsSync(join(folder, 'desk', 'damaged.dump'))).toBe(true);
});

test('storage full: old backups are listed and none is deleted, old logs are compressed, backups resume', async () => {
  const kept = join(folder, 'kept in here');
  const old = join(kept, 'ims_backup_2026-01-01_01-00.dump');
  cpSync(join(kept, archive.filename), old);
  const log = join(folder, 'the logs', 'a b.log');
  writeFileSync(log, 'x');
  await run('touch', ['-d', '70 days ago', old, log]);
  const outputs = await workThrough('storage-full');
  expect(outputs.get('old-backups')).toContain('ims_backup_2026-01-01_01-00.dump');
  expect(outputs.get('old-backups')).not.toContain(archive.filename);
  expect(existsSync(old)).toBe(true);
  expect(existsSync(`${log}.gz`)).toBe(true);
  expect(outputs.get('large-files')).toContain(archive.filename);
  rmSync(old);
});

test('Redis failure, and loss of configuration', async () => {
  const outputs = await workThrough('redis-failure');
  expect(outputs.get('ping')).toContain('PONG');
  expect(called()).toEqual(['redis', 'redis-cli ping', 'health']);
  const lost = await workThrough('configuration-loss');
  expect(lost.get('database-access')).toContain('postgres');
  expect(called().slice(3)).toEqual(['configuration', 'stop', 'start', 'health']);
});

test('failure of the backup system: backups are taken by hand, with and without Holdfast, and a lost catalogue is filled anew', async () => {
  catalogueUrl = (await server.createDatabase('holdfast')).reveal();
  const outputs = await workThrough('backup-system-failure');
  catalogueUrl = '';
  expect(outputs.get('record-backups')).toContain(`would record backup  ${archive.filename}`);
  expect(outputs.get('record-backups')).toContain(`\nrecorded backup  ${archive.filename}`);
  const known = await sql('holdfast', "select count(*) from backups where status = 'COMPLETED'");
  // With what was taken by hand before and after.
  expect(Number(known)).toBeGreaterThanOrEqual(3);
  expect(outputs.get('what-is-there')).toContain(archive.filename);
  expect(outputs.get('manual-backup')).toMatch(/\.dump/);
  expect(existsSync(join(folder, 'desk', 'by_hand.dump'))).toBe(true);
});
