import { expect, test } from 'vitest';
import { Secret } from '#lib/core/secret.ts';
import { parseConfig } from '#lib/platform/config.ts';
import { verifierEnvironment } from '#lib/platform/verifier-environment.ts';

const installed = {
  DATABASE_URL: 'postgres://canary-catalogue@localhost/holdfast',
  HOLDFAST_SECRET: 'canary-secret-0123456789-0123456789-0123456789',
  HOLDFAST_DATA_DIR: '/srv/data',
  PGHOST: 'canary-source',
  PGUSER: 'app',
  PGPASSWORD: 'canary-password',
  PGDATABASE: 'ims_db',
  PGSSLMODE: 'require',
  BACKUP_LOCAL_PATH: '/srv/backups',
  BACKUP_S3_BUCKET: 'archives',
  BACKUP_S3_ENDPOINT: 'http://127.0.0.1:9',
  BACKUP_S3_ACCESS_KEY: 'canary-access',
  BACKUP_S3_SECRET_KEY: 'canary-s3',
  BACKUP_AGE_IDENTITY_FILE: '/srv/key.txt',
  BACKUP_VERIFY_DIR: '/srv/verify',
  BACKUP_VERIFY_JOBS: '5',
  BACKUP_PG_BIN_DIRS: '/opt/a:/opt/b',
  BACKUP_VERIFY_DATABASE_URL:
    'postgres://us%40er:p%2Fa%3A%40ss@db.internal:5433/post%20gres?sslmode=verify-full&sslrootcert=%2Fsrv%2Fca.pem',
  NODE_EXTRA_CA_CERTS: '/srv/authority.pem',
  PATH: '/usr/local/bin:/usr/bin',
};
const reveal = (environment: Record<string, string | Secret>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(environment).map(([name, value]) => [
      name,
      value instanceof Secret ? value.reveal() : value,
    ]),
  );

test('the verifying process reads the same places, keys and servers from it', () => {
  const config = parseConfig(installed);
  const child = parseConfig(reveal(verifierEnvironment(config, 's3')));
  expect(child.verify.server?.password?.reveal()).toBe('p/a:@ss');
  expect(child.verify).toEqual(config.verify);
  expect(child.s3).toEqual(config.s3);
  for (const name of [
    'localPath',
    'ageIdentityFile',
    'dataDir',
    'pgBinDirs',
    'searchPath',
    'extraCaCerts',
  ] as const)
    expect(child[name]).toEqual(config[name]);
});

test('it holds neither catalogue nor master key, and of the rest only what this verification needs', () => {
  const local = reveal(verifierEnvironment(parseConfig(installed), 'local'));
  expect(Object.values(local).filter((value) => value.includes('canary'))).toEqual([]);
  expect(Object.keys(local).filter((name) => name.startsWith('PG') || name.includes('S3'))).toEqual([]);
});

test('what loading its code comes to is kept in the data folder, where nobody else can leave it something to run', () => {
  const { NODE_COMPILE_CACHE: folder } = reveal(verifierEnvironment(parseConfig(installed), 'local'));
  expect(folder).toBe('/srv/data/compile-cache');
});

test('it holds the source only where a copy may be restored beside it', () => {
  const config = parseConfig({ ...installed, BACKUP_VERIFY_ON_SOURCE: 'true' });
  const child = parseConfig(reveal(verifierEnvironment(config, 'local')));
  expect(child.source).toEqual(config.source);
  expect(child.source.password?.reveal()).toBe('canary-password');
});

test('secrets are typed as such, so that no error and no log prints them', () => {
  const config = parseConfig({ ...installed, BACKUP_VERIFY_ON_SOURCE: 'true' });
  const text = JSON.stringify(verifierEnvironment(config, 's3'));
  for (const canary of ['canary-password', 'canary-s3', 'p%2Fa']) expect(text).not.toContain(canary);
});
