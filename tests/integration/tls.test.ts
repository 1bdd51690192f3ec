import { execFile } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createAuthority, issueCertificate, type Authority } from '#tests/support/certificates.ts';
import { startPostgres, type TestPostgres } from '#tests/support/postgres.ts';

const scriptPath = (name: string): string => fileURLToPath(new URL(`../../scripts/${name}`, import.meta.url));
let server: TestPostgres;
let folder: string;
let trusted: Authority;
let stranger: Authority;

/** The server shows this certificate from now on. */
async function show({ certificate, key }: Authority): Promise<void> {
  const { uid, gid } = statSync(server.dataDir);
  for (const [from, name] of [
    [certificate, 'server.crt'],
    [key, 'server.key'],
  ] as const) {
    const to = join(server.dataDir, name);
    writeFileSync(to, readFileSync(from));
    chownSync(to, uid, gid);
    chmodSync(to, 0o600);
  }
  await server.sql('postgres', 'alter system set ssl = on');
  await server.sql('postgres', 'select pg_reload_conf()');
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'hf-tls-'));
  trusted = createAuthority(folder, 'trusted');
  stranger = createAuthority(folder, 'stranger');
  server = await startPostgres();
  await server.createDatabase('ims_db');
  await server.sql('ims_db', 'create table items as select g id from generate_series(1, 1000) g');
  await server.sql('postgres', `create role guarded superuser login password 'canary-tls-password'`);
  const [{ file: hba } = { file: '' }] = await server.sql<{ file: string }>(
    'postgres',
    `select current_setting('hba_file') as file`,
  );
  const lines = ['hostnossl all guarded all reject', 'hostssl all guarded all scram-sha-256'];
  writeFileSync(hba, `${lines.join('\n')}\n${readFileSync(hba, 'utf8')}`);
  await show(issueCertificate(folder, 'server', trusted, 'IP:127.0.0.1'));
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

interface Ran {
  readonly code: number;
  readonly said: string;
}
const run = (script: string, args: readonly string[], more: Readonly<Record<string, string>>): Promise<Ran> =>
  new Promise((resolve) => {
    const env = {
      NODE_ENV: 'test' as const,
      PATH: process.env['PATH'],
      HOLDFAST_DATA_DIR: join(folder, 'data'),
      BACKUP_LOCAL_PATH: join(folder, 'backups'),
      PGHOST: '127.0.0.1',
      PGPORT: String(server.port),
      PGUSER: 'guarded',
      PGPASSWORD: 'canary-tls-password',
      PGDATABASE: 'ims_db',
      ...more,
    };
    execFile(scriptPath(script), [...args], { env, cwd: folder }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code), said: stdout + stderr });
    });
  });
const root = (authority: Authority) => ({ PGSSLROOTCERT: authority.certificate });
const archives = () => readdirSync(join(folder, 'backups')).filter((name) => name.endsWith('.dump'));

test('a backup and its restore go over TLS to a server whose certificate is checked in full', async () => {
  const tls = { PGSSLMODE: 'verify-full', ...root(trusted) };
  const taken = await run('backup.sh', [], tls);
  expect(taken).toMatchObject({ code: 0 });
  const [archive = ''] = archives();
  const args = [join(folder, 'backups', archive), '--target-db', 'came_back', '--force'];
  expect(await run('restore.sh', args, tls)).toMatchObject({ code: 0 });
  expect(await server.sql('came_back', 'select count(*)::int as rows from items')).toEqual([{ rows: 1000 }]);
});

// Without TLS this user is refused, so that one which gets in spoke it.
test.each<[string, Record<string, string>]>([
  ['nothing said', {}],
  ['require', { PGSSLMODE: 'require' }],
])('%s: spoken where the server offers it, whoever signed', async (_name, more) => {
  expect(await run('backup.sh', [], more)).toMatchObject({ code: 0 });
});

test.each<[string, () => Record<string, string>, RegExp]>([
  ['disable', () => ({ PGSSLMODE: 'disable' }), /refused the sign-in of guarded \[source_auth\]/],
  [
    'verify-full with the root of somebody else',
    () => ({ PGSSLMODE: 'verify-full', ...root(stranger) }),
    /certificate of the database server is not trusted \[source_auth\]/,
  ],
  [
    'require, where a root is named and it is another',
    () => ({ PGSSLMODE: 'require', ...root(stranger) }),
    /certificate of the database server is not trusted \[source_auth\]/,
  ],
  [
    'a root that is not there',
    () => ({ PGSSLMODE: 'verify-ca', PGSSLROOTCERT: join(folder, 'no-such.crt') }),
    /PGSSLROOTCERT names a file that cannot be read \[config\]/,
  ],
])('%s: refused before anything is dumped', async (_name, more, message) => {
  const before = archives();
  const ran = await run('backup.sh', [], more());
  expect(ran.code).not.toBe(0);
  expect(ran.said).toMatch(message);
  expect(ran.said).toMatch(/HINT: .*\./);
  expect(ran.said).not.toContain('canary-tls-password');
  expect(archives()).toEqual(before);
});

test('a certificate for another host: good enough for verify-ca, not for verify-full', async () => {
  await show(issueCertificate(folder, 'elsewhere', trusted, 'DNS:db.example.test'));
  expect(await run('backup.sh', [], { PGSSLMODE: 'verify-ca', ...root(trusted) })).toMatchObject({ code: 0 });
  const ran = await run('backup.sh', [], { PGSSLMODE: 'verify-full', ...root(trusted) });
  expect(ran.code).toBe(1);
  expect(ran.said).toMatch(/certificate of the database server is not trusted \[source_auth\]/);
});
