import { describe, expect, test } from 'vitest';
import {
  FilePrefix,
  SourceCreate,
  SourceProbeRequest,
  SourceUpdate,
  type DatabaseSource,
  type Source,
} from '#lib/contracts/source.ts';
import { DEFAULT_VERIFICATION_POLICY } from '#lib/contracts/verification.ts';
import { readingRoleSql } from '#lib/client/reading-role.ts';
import { cronWords, nextRuns, runWords } from '#lib/client/schedule-words.ts';
import { secretNames } from '#lib/client/secret-names.ts';
import {
  createRequest,
  createRequests,
  discoverRequest,
  fieldsOf,
  newSourceFields,
  probeRequest,
  suggestedName,
  suggestedPrefix,
  updateRequest,
} from '#lib/client/source-form.ts';
import { pathFault, relativePathsFault } from '#lib/client/typed-paths.ts';
import { productText } from '#lib/client/source-words.ts';

const installed = {
  schedule: { isEnabled: false, cron: '0 1 * * *', timeZone: 'UTC' },
  retention: { daily: 7, weekly: 4, monthly: 12 },
  verification: DEFAULT_VERIFICATION_POLICY,
};
const fields = {
  ...newSourceFields(installed, 'postgres'),
  name: ' shop ',
  filePrefix: 'shop_backup',
  host: ' db ',
  user: 'reader',
  database: 'shop',
};

describe('the form of a source', () => {
  test('makes requests that the contract takes, and leaves to the installation what is not its own', () => {
    const request = SourceCreate.parse(createRequest(fields));
    expect(request).toMatchObject({
      name: 'shop',
      host: 'db',
      sslMode: null,
      password: null,
      schedule: null,
      retention: null,
      verification: null,
    });
    const own = createRequest({ ...fields, hasOwnSchedule: true, hasOwnRetention: true, hasOwnPolicy: true });
    expect(SourceCreate.parse(own)).toMatchObject({
      schedule: { isEnabled: true },
      retention: installed.retention,
      verification: DEFAULT_VERIFICATION_POLICY,
    });
  });

  test('keeps a password that nobody typed again, and forgets it only when told to', () => {
    expect(updateRequest(fields)).not.toHaveProperty('password');
    expect(updateRequest({ ...fields, password: 'new' })).toMatchObject({ password: 'new' });
    expect(updateRequest({ ...fields, password: 'new', dropsPassword: true })).toMatchObject({
      password: null,
    });
    expect(probeRequest(fields, 'an id')).not.toHaveProperty('password');
    expect(probeRequest(fields, null)).toMatchObject({ password: null });
    expect(probeRequest(fields, null)).not.toHaveProperty('sourceId');
    expect(discoverRequest({ ...fields, database: ' ' })).toMatchObject({
      database: 'postgres',
      password: null,
    });
  });

  test('names many databases after themselves, and never as another is named', () => {
    const taken = [{ name: 'CRM', filePrefix: 'crm_backup' }] as Source[];
    const requests = createRequests(fields, ['crm', 'my shop', 'my_shop'], taken);
    expect(requests.map(({ database, name, filePrefix }) => [database, name, filePrefix])).toEqual([
      ['crm', 'crm_2', 'crm_backup_2'],
      ['my shop', 'my shop', 'my_shop_backup'],
      ['my_shop', 'my_shop', 'my_shop_backup_2'],
    ]);
    for (const request of requests) expect(SourceCreate.safeParse(request).success).toBe(true);
  });

  test.each([
    ['shop', 'shop_backup'],
    ['Übung "a"/b', 'bung_a_b_backup'],
    ['äöü', 'source_backup'],
    ['_x', 'x_backup'],
  ])('suggests for %s the prefix %s', (database, prefix) => {
    expect(suggestedPrefix(database)).toBe(prefix);
    expect(FilePrefix.safeParse(prefix).success).toBe(true);
  });
});

const named = { name: 'x', filePrefix: 'x_backup' };
const files = {
  ...newSourceFields(installed, 'files'),
  ...named,
  path: ' /srv/app/ ',
  only: './.env.production\n\n  docker/nginx.conf \nuploads/\n',
  excludes: '*.log\n\ncache/*',
};
const sqlite = { ...newSourceFields(installed, 'sqlite'), ...named, path: '/srv/app/app.db' };
const redis = { ...newSourceFields(installed, 'redis'), ...named, host: ' cache ', user: ' ' };

describe('the form of a source that is no PostgreSQL database', () => {
  test('asks for its own place alone, in requests that the contracts take', () => {
    const place = {
      kind: 'files',
      path: '/srv/app',
      only: ['.env.production', 'docker/nginx.conf', 'uploads'],
      excludes: ['*.log', 'cache/*'],
    };
    expect(SourceProbeRequest.parse(probeRequest(files, 'an id'))).toEqual(place);
    expect(SourceCreate.parse(createRequest(files))).toMatchObject({ ...place, ...named, schedule: null });
    expect(createRequest({ ...files, only: ' \n', excludes: '' })).toMatchObject({
      only: null,
      excludes: [],
    });
    expect(SourceProbeRequest.parse(probeRequest(sqlite, null))).toEqual({
      kind: 'sqlite',
      path: '/srv/app/app.db',
    });
    expect(SourceUpdate.parse(updateRequest(sqlite))).toMatchObject({ kind: 'sqlite', retention: null });
    expect(SourceCreate.parse(createRequest(redis))).toMatchObject({
      kind: 'redis',
      host: 'cache',
      port: 6379,
      user: null,
      password: null,
    });
  });

  test('keeps the password of a Redis server that nobody typed again', () => {
    expect(updateRequest(redis)).not.toHaveProperty('password');
    expect(updateRequest({ ...redis, dropsPassword: true })).toMatchObject({ password: null });
    expect(probeRequest({ ...redis, user: 'reader' }, null)).toEqual({
      kind: 'redis',
      host: 'cache',
      port: 6379,
      user: 'reader',
      password: null,
    });
  });

  test('shows a source as it was saved, and saves it as it was shown', () => {
    const shown = {
      ...named,
      environment: 'staging',
      schedule: null,
      retention: { daily: 1, weekly: 2, monthly: 3 },
      verification: null,
    } as DatabaseSource;
    for (const place of [
      { kind: 'files', path: '/srv/app', only: ['a', 'b c'], excludes: [] },
      { kind: 'files', path: '/srv/app', only: null, excludes: ['*.log'] },
      { kind: 'sqlite', path: '/srv/app.db' },
      { kind: 'redis', host: 'cache', port: 6380, user: 'reader' },
      { kind: 'redis', host: 'cache', port: 6379, user: null },
    ] as const) {
      const source = { ...shown, ...place } as Source;
      const saved = SourceUpdate.parse(updateRequest(fieldsOf(source, installed)));
      expect(saved).toMatchObject({ ...place, environment: 'staging', retention: shown.retention });
    }
  });

  test.each([
    ['files', { path: '/volumes/uploads/' }, 'uploads'],
    ['files', { path: '/etc/nginx/nginx.conf' }, 'nginx.conf'],
    ['files', { path: '' }, ''],
    ['sqlite', { path: '/srv/app/shop.sqlite3' }, 'shop'],
    ['sqlite', { path: '/srv/app/inventory.db' }, 'inventory'],
    ['sqlite', { path: '/srv/app/.db' }, '.db'],
    ['redis', { host: 'cache.example.internal' }, 'cache'],
    ['redis', { host: '127.0.0.1' }, 'redis'],
    ['redis', { host: 'localhost' }, 'redis'],
    ['redis', { host: '::1' }, 'redis'],
    ['redis', { host: '' }, ''],
    ['postgres', { database: 'shop' }, 'shop'],
  ] as const)('suggests a name for %s %j: %s', (kind, typed, name) => {
    expect(suggestedName({ path: '', host: '', database: '', ...typed, kind })).toBe(name);
  });

  test.each([
    ['', 'Give a path.'],
    ['uploads', 'Give an absolute path: it begins with "/".'],
    ['/', 'Invalid'],
    ['/srv/../etc', 'must not contain'],
    ['/srv/uploads', null],
    [' /srv/uploads/ ', null],
  ])('says of the path %j: %s', (path, fault) => {
    if (fault === null) expect(pathFault(path)).toBeNull();
    else expect(pathFault(path)).toMatch(/\.$|"\.$/);
    if (fault !== null && fault !== 'Invalid') expect(pathFault(path)).toContain(fault);
  });

  test('names the line that is no path below the folder', () => {
    expect(relativePathsFault('a\n./b/c\n')).toBeNull();
    expect(relativePathsFault('a\n/etc/passwd')).toContain('“/etc/passwd”');
    expect(relativePathsFault('../other')).toContain('“../other”');
    expect(relativePathsFault('a//b')).not.toBeNull();
  });

  test('notices names that usually hold secrets, and no others', () => {
    const secret = [
      '.env',
      '.env.production',
      'docker/prod.env',
      'tls/server.key',
      'server.pem',
      'keys/id_ed25519',
      'certs/ca.crt',
      'KEYSTORE.P12',
    ];
    const plain = [
      'docker/nginx.conf',
      '.env.example',
      'id_ed25519.pub',
      'environment.ts',
      'keyboard',
      'data/app.db',
    ];
    expect(secretNames('/srv/app', [...secret, ...plain])).toEqual(secret);
    expect(secretNames('/etc/letsencrypt', [])).toEqual(['/etc/letsencrypt']);
    expect(secretNames('/volumes/uploads', [])).toEqual([]);
    // What is chosen below it counts then, not the folder.
    expect(secretNames('/etc/ssl', ['openssl.cnf'])).toEqual([]);
  });

  test('names what reads each kind', () => {
    expect(productText('postgres', '15.18')).toBe('PostgreSQL 15.18');
    expect(productText('files', '1.34')).toBe('tar 1.34');
    expect(productText('redis', null)).toBe('Redis');
  });
});

describe('a schedule in words', () => {
  test.each([
    ['0 * * * *', 'Every hour'],
    ['15 * * * *', 'Every hour at minute 15'],
    ['0 */6 * * *', 'Every 6 hours'],
    ['0 1 * * *', 'Every day at 01:00'],
    ['30 4 * * 1', 'Every Monday at 04:30'],
    ['30 4 * * 7', 'Every Sunday at 04:30'],
    ['0 1 1 * *', 'On the 1st of each month at 01:00'],
    ['0 1 15 * *', 'On day 15 of each month at 01:00'],
    ['0 1 * * 1-5', '0 1 * * 1-5'],
    ['*/5 * * * *', '*/5 * * * *'],
  ])('%s: %s', (cron, words) => {
    expect(cronWords(cron)).toBe(words);
  });

  test('the next runs in the zone of the schedule; none for what never comes, null for what cannot be read', () => {
    const now = new Date('2026-11-21T12:00:00Z');
    const runs = nextRuns({ cron: '0 1 * * *', timeZone: 'Europe/Berlin' }, now, 3);
    expect(runs?.map((run) => run.toISOString())).toEqual([
      '2026-11-22T00:00:00.000Z',
      '2026-11-23T00:00:00.000Z',
      '2026-11-24T00:00:00.000Z',
    ]);
    expect(runWords(new Date('2026-11-22T00:00:00Z'), 'Europe/Berlin')).toMatch(
      /Sun, 22 Nov 2026,? (at )?01:00/,
    );
    expect(nextRuns({ cron: '0 1 30 2 *', timeZone: 'UTC' }, now, 3)).toEqual([]);
    expect(nextRuns({ cron: 'daily', timeZone: 'UTC' }, now, 3)).toBeNull();
    expect(nextRuns({ cron: '0 1 * * *', timeZone: 'Nowhere/There' }, now, 3)).toBeNull();
  });
});

test('names in the statements of a reading role are quoted', () => {
  const { modern, old } = readingRoleSql('a"b', 'my "shop"');
  expect(modern).toContain('create role "a""b" login;');
  expect(modern).toContain('grant connect on database "my ""shop""" to "a""b";');
  expect(modern).toContain('grant pg_read_all_data to "a""b";');
  expect(old).not.toContain('pg_read_all_data');
});
