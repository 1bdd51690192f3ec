import { expect, test } from 'vitest';
import { Secret } from '#lib/core/secret.ts';
import { parseConfig } from '#lib/platform/config.ts';
import { sealPassword, unsealPassword } from '#lib/platform/seal.ts';
import { configForSource, type SourceChoices } from '#lib/platform/source-config.ts';

const MASTER = new Secret('a secret of these tests that nobody else has');
const ROW = '7d5f0c52-5ad2-4c3d-9c43-1d8c5b7e2f10';
const OTHER_ROW = '7d5f0c52-5ad2-4c3d-9c43-1d8c5b7e2f11';
const PASSWORD = 'pässwörd with $ymbols';

const seal = () => sealPassword(MASTER, ROW, new Secret(PASSWORD));
const open = (sealed: string, row = ROW, master: Secret | null = MASTER) =>
  unsealPassword(master, row, sealed);
/** The character at `index` of the sealed bytes, replaced by another. */
const changedAt = (sealed: string, index: number): string => {
  const bytes = Buffer.from(sealed.slice(3), 'base64url');
  bytes[index < 0 ? bytes.length + index : index]! ^= 1;
  return `v1.${bytes.toString('base64url')}`;
};

test('what was sealed opens with the same secret and row, and nothing of it can be read', () => {
  const sealed = seal();
  expect(open(sealed).reveal()).toBe(PASSWORD);
  expect(Buffer.from(sealed.slice(3), 'base64url').toString()).not.toContain('ymbols');
  expect(seal(), 'the same password twice').not.toBe(sealed);
  expect(open(sealPassword(MASTER, ROW, new Secret(''))).reveal()).toBe('');
});

test.each([
  ['another secret', () => open(seal(), ROW, new Secret('another secret of these tests, as long as it'))],
  ["another row's seal", () => open(seal(), OTHER_ROW)],
  ['a changed nonce', () => open(changedAt(seal(), 0))],
  ['a changed letter', () => open(changedAt(seal(), 14))],
  ['a changed tag', () => open(changedAt(seal(), -1))],
  ['a cut end', () => open(seal().slice(0, -4))],
  ['a cut tag', () => open(seal().slice(0, 30))],
  ['nothing', () => open('')],
  ['another version', () => open(seal().replace('v1.', 'v2.'))],
  ['a password that is not sealed', () => open(PASSWORD)],
])('%s is refused, with what to do', (_, act) => {
  expect(act).toThrow(
    expect.objectContaining({
      code: 'config',
      message: expect.stringContaining('does not open') as string,
      hint: expect.stringContaining('type the password again') as string,
    }) as Error,
  );
});

test('a process without the secret says so', () => {
  for (const act of [() => open(seal(), ROW, null), () => sealPassword(null, ROW, new Secret(PASSWORD))]) {
    expect(act).toThrow(
      expect.objectContaining({
        code: 'config',
        message: expect.stringContaining('HOLDFAST_SECRET is missing') as string,
        hint: expect.stringContaining('console and worker') as string,
      }) as Error,
    );
  }
});

const row: SourceChoices = {
  id: ROW,
  kind: 'postgres',
  path: null,
  only: null,
  excludes: null,
  host: 'stock.internal',
  port: 5433,
  user: 'reader',
  database: 'stock',
  sslMode: null,
  sealedPassword: null,
  isEnabled: true,
  environment: 'staging',
  filePrefix: 'stock_backup',
  schedule: null,
  retention: null,
};
const installed = parseConfig({
  HOLDFAST_SECRET: MASTER.reveal(),
  PGHOST: 'shop.internal',
  PGUSER: 'app',
  PGDATABASE: 'shop',
  PGSSLROOTCERT: '/srv/ca.pem',
  BACKUP_SCHEDULE: '0 1 * * *',
  BACKUP_TIMEZONE: 'Europe/Berlin',
});

test("a source's configuration is the installation's but for what it chose", () => {
  const config = configForSource(installed, {
    ...row,
    sealedPassword: seal(),
    schedule: { isEnabled: true, cron: '*/5 * * * *', timeZone: 'UTC' },
    retention: { daily: 2, weekly: 0, monthly: 0 },
  });
  const { source, ...others } = config;
  expect(source).toMatchObject({ host: 'stock.internal', port: 5433, user: 'reader', database: 'stock' });
  expect(source.password?.reveal()).toBe(PASSWORD);
  expect(others).toEqual({
    ...Object.fromEntries(Object.entries(installed).filter(([name]) => name !== 'source')),
    environment: 'staging',
    filePrefix: 'stock_backup',
    schedule: { isEnabled: true, cron: '*/5 * * * *', timeZone: 'UTC' },
    retention: { daily: 2, weekly: 0, monthly: 0 },
  });
});

test('what it did not choose follows the installation, and a disabled one is not scheduled', () => {
  expect(configForSource(installed, row)).toMatchObject({
    schedule: installed.schedule,
    retention: installed.retention,
  });
  expect(configForSource(installed, { ...row, isEnabled: false }).schedule.isEnabled).toBe(false);
});

test("the environment's own source is the installation as it is", () => {
  const nothing = { host: null, port: null, user: null, database: null, filePrefix: null, environment: null };
  expect(configForSource(installed, { ...row, ...nothing })).toBe(installed);
  expect(configForSource(installed, null)).toBe(installed);
});

test("the installation's authority is asked only where the certificate is to be checked", () => {
  const certOf = (sslMode: SourceChoices['sslMode']) =>
    configForSource(installed, { ...row, sslMode }).source.sslRootCert;
  expect([certOf(null), certOf('require'), certOf('verify-ca'), certOf('verify-full')]).toEqual([
    null,
    null,
    '/srv/ca.pem',
    '/srv/ca.pem',
  ]);
});

test('a seal that does not open keeps nobody from the schedule, only whoever connects', () => {
  const config = configForSource({ ...installed, secret: null }, { ...row, sealedPassword: seal() });
  expect(config.schedule).toEqual(installed.schedule);
  expect(() => config.source.password).toThrow(expect.objectContaining({ code: 'config' }) as Error);
});
