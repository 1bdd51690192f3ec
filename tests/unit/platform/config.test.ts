import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { AppError } from '#lib/core/errors.ts';
import { needDatabaseUrl, needSecret, parseConfig } from '#lib/platform/config.ts';

function refusal(act: () => unknown): AppError {
  try {
    act();
  } catch (error) {
    if (error instanceof AppError) return error;
    throw error;
  }
  throw new Error('it was accepted');
}
const recipient = `age1${'q'.repeat(58)}`;
const s3 = {
  BACKUP_STORAGE: 's3',
  BACKUP_S3_BUCKET: 'bucket',
  BACKUP_S3_ACCESS_KEY: 'key',
  BACKUP_S3_SECRET_KEY: 'canary-s3',
};

describe('what is wrong stops the start with a message that names the variable', () => {
  it.each<[string, Record<string, string>]>([
    ['BACKUP_STORAGE', { BACKUP_STORAGE: 'tape' }],
    ['BACKUP_S3_BUCKET', { BACKUP_STORAGE: 's3' }],
    ['BACKUP_S3_ACCESS_KEY', { BACKUP_STORAGE: 's3', BACKUP_S3_BUCKET: 'bucket' }],
    ['BACKUP_S3_SECRET_KEY', { ...s3, BACKUP_S3_SECRET_KEY: '' }],
    ['BACKUP_S3_ACCESS_KEY', { BACKUP_S3_BUCKET: 'bucket', BACKUP_S3_SECRET_KEY: 'canary-s3' }],
    ['BACKUP_S3_SECRET_KEY', { BACKUP_S3_ACCESS_KEY: 'key' }],
    ['BACKUP_S3_BUCKET', { ...s3, BACKUP_S3_BUCKET: 's3://bucket' }],
    ['BACKUP_S3_BUCKET', { ...s3, BACKUP_S3_BUCKET: '../bucket' }],
    ['BACKUP_S3_ENDPOINT', { ...s3, BACKUP_S3_ENDPOINT: 'not an address' }],
    ['BACKUP_S3_ENDPOINT', { ...s3, BACKUP_S3_ENDPOINT: 'localhost:9000' }],
    ['DATABASE_URL', { DATABASE_URL: 'mysql://holdfast:canary@localhost/holdfast' }],
    ['DATABASE_URL', { DATABASE_URL: 'localhost:5432/holdfast' }],
    ['BACKUP_AGE_RECIPIENTS', { BACKUP_AGE_RECIPIENTS: 'AGE-SECRET-KEY-1QQQQ' }],
    ['BACKUP_AGE_RECIPIENTS', { BACKUP_AGE_RECIPIENTS: `${recipient},ssh-ed25519` }],
    ['BACKUP_SCHEDULE', { BACKUP_SCHEDULE: 'at night' }],
    ['BACKUP_SCHEDULE', { BACKUP_SCHEDULE: '0 0 1 * * *' }],
    ['BACKUP_TIMEZONE', { BACKUP_TIMEZONE: 'Mars/Olympus' }],
    ['BACKUP_FILE_PREFIX', { BACKUP_FILE_PREFIX: '../../etc/passwd' }],
    ['BACKUP_COMPRESSION', { BACKUP_COMPRESSION: 'zip' }],
    ['BACKUP_ENABLED', { BACKUP_ENABLED: 'yes' }],
    ['BACKUP_RETENTION_DAILY', { BACKUP_RETENTION_DAILY: '0' }],
    ['BACKUP_RETENTION_WEEKLY', { BACKUP_RETENTION_WEEKLY: '1.5' }],
    ['BACKUP_MANUAL_INTERVAL_MINUTES', { BACKUP_MANUAL_INTERVAL_MINUTES: '-1' }],
    ['BACKUP_TIMEOUT_MINUTES', { BACKUP_TIMEOUT_MINUTES: 'soon' }],
    ['PGPORT', { PGPORT: '65536' }],
    ['PGSSLMODE', { PGSSLMODE: 'maybe' }],
    ['PORT', { PORT: 'http' }],
    ['HOLDFAST_SECRET', { HOLDFAST_SECRET: 'too short' }],
    ['HOLDFAST_LOG_LEVEL', { HOLDFAST_LOG_LEVEL: 'loud' }],
    ['HOLDFAST_TRUST_PROXY', { HOLDFAST_TRUST_PROXY: '1' }],
    ['NEXTAUTH_URL', { NEXTAUTH_URL: 'holdfast' }],
    ['NEXTAUTH_URL', { NEXTAUTH_URL: 'ftp://holdfast.example.test' }],
    ['BACKUP_RETENTION_MONTHLY', { BACKUP_RETENTION_MONTHLY: '-1' }],
    ['BACKUP_SCHEDULE', { BACKUP_SCHEDULE: '61 1 * * *' }],
  ])('%s in %o', (variable, environment) => {
    const error = refusal(() => parseConfig(environment));
    expect(error.code).toBe('config');
    expect(error.message).toContain(variable);
    expect(error.fields).toMatchObject({ variable });
    expect(error.hint).toMatch(/\.$/);
  });

  it('tells no secret in doing so', () => {
    const error = refusal(() => parseConfig({ HOLDFAST_SECRET: 'canary', ...s3, BACKUP_STORAGE: 'tape' }));
    const looks = inspect(error, { depth: null }) + JSON.stringify(error.fields) + (error.hint ?? '');
    expect(looks).not.toMatch(/canary/);
  });
});

describe('a configuration', () => {
  it('needs nothing but defaults', () => {
    expect(parseConfig({})).toMatchObject({
      databaseUrl: null,
      storage: 'local',
      s3: null,
      source: { host: 'localhost', port: 5432, user: 'postgres', database: 'postgres', password: null },
      schedule: { isEnabled: true, cron: '0 1 * * *' },
      retention: { daily: 7, weekly: 4, monthly: 12 },
      compression: 'zstd',
      excludeTables: ['_prisma_migrations'],
      manualIntervalMinutes: 60,
    });
  });

  it('takes an empty variable for one that is not set', () => {
    const empty = Object.fromEntries(
      [
        'DATABASE_URL',
        'PGUSER',
        'PGPORT',
        'BACKUP_STORAGE',
        'BACKUP_S3_BUCKET',
        'BACKUP_SCHEDULE',
        'NEXTAUTH_URL',
      ].map((name) => [name, '']),
    );
    expect(parseConfig(empty)).toEqual(parseConfig({}));
  });

  it('leaves nothing out when no table is to be left out', () => {
    expect(parseConfig({ BACKUP_EXCLUDE_TABLES: '' }).excludeTables).toEqual([]);
    expect(parseConfig({ BACKUP_EXCLUDE_TABLES: 'one, two three' }).excludeTables).toEqual([
      'one',
      'two',
      'three',
    ]);
  });

  it('takes the .env of the specification as it stands there', () => {
    const specified = {
      BACKUP_STORAGE: 'local',
      BACKUP_LOCAL_PATH: './backups',
      BACKUP_S3_BUCKET: 'ims-backups',
      BACKUP_S3_REGION: 'sgp1',
      BACKUP_S3_ENDPOINT: 'https://sgp1.digitaloceanspaces.com',
      BACKUP_S3_ACCESS_KEY: '',
      BACKUP_S3_SECRET_KEY: '',
      PGHOST: 'localhost',
      PGPORT: '5432',
      PGUSER: 'ims_user',
      PGPASSWORD: 'ims_password',
      PGDATABASE: 'ims_db',
      BACKUP_ENABLED: 'true',
      BACKUP_RETENTION_DAILY: '7',
      BACKUP_RETENTION_WEEKLY: '4',
      BACKUP_RETENTION_MONTHLY: '12',
    };
    expect(parseConfig(specified)).toMatchObject({
      storage: 'local',
      s3: null,
      source: { user: 'ims_user', database: 'ims_db' },
    });
    expect(
      parseConfig({ ...specified, BACKUP_S3_ACCESS_KEY: 'key', BACKUP_S3_SECRET_KEY: 'canary-s3' }).s3,
    ).toMatchObject({ bucket: 'ims-backups', region: 'sgp1' });
  });

  it('knows S3 where its bucket is named, also when backups stay local', () => {
    expect(parseConfig({ ...s3, BACKUP_STORAGE: 'local' })).toMatchObject({
      storage: 'local',
      s3: { bucket: 'bucket', region: 'us-east-1', endpoint: null, accessKey: 'key' },
    });
  });

  it('shows no secret when it is printed', () => {
    const config = parseConfig({
      ...s3,
      DATABASE_URL: 'postgres://user:canary-catalogue@localhost/holdfast',
      PGPASSWORD: 'canary-source',
      HOLDFAST_SECRET: 'canary'.repeat(10),
    });
    expect(inspect(config, { depth: null }) + JSON.stringify(config)).not.toMatch(/canary/);
    expect(config.source.password?.reveal()).toBe('canary-source');
  });

  it('names what is missing only where it is needed', () => {
    expect(refusal(() => needDatabaseUrl(parseConfig({}))).message).toBe('DATABASE_URL is missing');
    expect(refusal(() => needSecret(parseConfig({}))).message).toBe('HOLDFAST_SECRET is missing');
  });

  it.each([
    'postgres://user:canary@host:notaport/holdfast',
    'postgres://user:canary%zz@host/holdfast',
    'postgres://user:canary#1@host/holdfast',
  ])('refuses an address of the catalogue that no driver can read, without repeating it', (url) => {
    const error = refusal(() => parseConfig({ DATABASE_URL: url }));
    expect(error.code).toBe('config');
    expect(error.message).toContain('DATABASE_URL');
    expect(inspect(error, { depth: null })).not.toContain('canary');
  });

  it.each([
    'postgres://user:a%2Cb@host:5432/holdfast',
    'postgres://user:p,w@host/holdfast?sslmode=require',
    'postgresql://user@one:5432,two:5433/holdfast',
  ])('accepts %s', (url) => {
    expect(parseConfig({ DATABASE_URL: url }).databaseUrl?.reveal()).toBe(url);
  });

  it('refuses a time limit that no timer can keep', () => {
    expect(refusal(() => parseConfig({ BACKUP_TIMEOUT_MINUTES: '40000' })).message).toContain(
      'BACKUP_TIMEOUT_MINUTES',
    );
    expect(parseConfig({ BACKUP_TIMEOUT_MINUTES: '35000' }).timeoutMinutes * 60_000).toBeLessThan(2 ** 31);
  });
});
