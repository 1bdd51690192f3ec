import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { Catalogue } from '#db/client.ts';
import { settleVerification } from '#db/queries/verification.ts';
import type { Check, Depth, Verdict, VerifyOutcome } from '#lib/contracts/verification.ts';
import { readConsoleSettings } from '#db/queries/setting.ts';
import { DEFAULT_SETTINGS } from '#lib/contracts/settings.ts';
import { createCatalogue } from '#tests/support/catalogue.ts';
import { startPostgres, type TestPostgres } from '#tests/support/postgres.ts';

const WORKER = randomUUID();
let server: TestPostgres;
let catalogue: Catalogue;
let backupId: string;
beforeAll(async () => {
  server = await startPostgres();
  catalogue = await createCatalogue(server);
});
afterAll(async () => {
  await catalogue.close();
  await server[Symbol.asyncDispose]();
});
beforeEach(async () => {
  await catalogue.raw`truncate backups cascade`;
  const [row] = await catalogue.raw<{ id: string }[]>`
    insert into backups (filename, type, tiers, destinations, status)
    values ('x.dump', 'DAILY', '{DAILY}', '{local,s3}', 'COMPLETED') returning id`;
  backupId = row!.id;
  for (const destination of ['local', 's3'])
    await catalogue.raw`insert into backup_copies (backup_id, destination, key, status) values (${backupId}, ${destination}, 'x', 'STORED')`;
});

const check = (name: string, verdict: Verdict): Check => ({
  name,
  verdict,
  isRequired: true,
  expected: null,
  found: null,
  reason: null,
  durationMs: 1,
});
const outcomeOf = (status: Verdict, depth: Depth): VerifyOutcome => ({
  status,
  proven: status === 'PASSED' && depth === 'restore',
  restoreMs: status === 'PASSED' && depth === 'restore' ? 1234 : null,
  place: null,
  error: status === 'PASSED' ? null : { code: 'integrity', message: 'it is not', hint: null },
});

/** One whole verification that ends like this; returns what settling answered. */
async function settle(
  depth: Depth,
  status: Verdict,
  options: {
    readonly destination?: string;
    readonly checks?: readonly Check[];
    readonly worker?: string;
  } = {},
): Promise<string> {
  const [row] = await catalogue.raw<{ id: string }[]>`
    insert into verifications (backup_id, destination, depth, cause, worker_id, started_at)
    values (${backupId}, ${options.destination ?? 'local'}, ${depth}, 'manual', ${WORKER}, now() - interval '5 seconds') returning id`;
  return catalogue.db.transaction((tx) =>
    settleVerification(tx, row!.id, options.worker ?? WORKER, {
      outcome: outcomeOf(status, depth),
      outcomeIfDeleted: {
        ...outcomeOf('UNKNOWN', depth),
        error: { code: 'conflict', message: 'deleted', hint: null },
      },
      checks: options.checks ?? [check('sha256', status === 'FAILED' ? 'FAILED' : 'PASSED')],
      log: 'a line\n',
    }),
  );
}
const proof = async () =>
  (
    await catalogue.raw`
      select proof, proven_at is not null as proven, bytes_fine_at is not null as fine,
             proof_failed_at is not null as failed, recovery_ms from backups where id = ${backupId}`
  )[0];

test('a passed restore proves; a passed reading says the bytes are fine and no more', async () => {
  await settle('bytes', 'PASSED');
  expect(await proof()).toEqual({
    proof: 'NEVER',
    proven: false,
    fine: true,
    failed: false,
    recovery_ms: null,
  });
  await settle('restore', 'PASSED');
  const after = await proof();
  expect(after).toMatchObject({ proof: 'PROVEN', proven: true, fine: true, failed: false });
  // The whole of it, not pg_restore's part alone.
  expect(after?.['recovery_ms']).toBeGreaterThanOrEqual(5000);
  expect(after?.['recovery_ms']).toBeLessThan(60_000);
  const copies = await catalogue.raw`
    select destination, checked_at is not null as read from backup_copies order by destination`;
  expect([...copies]).toEqual([
    { destination: 'local', read: true },
    { destination: 's3', read: false },
  ]);
});

test('UNKNOWN leaves the proof as it was, but what was read was read', async () => {
  await settle('restore', 'UNKNOWN', { checks: [check('sha256', 'PASSED'), check('decode', 'UNKNOWN')] });
  expect(await proof()).toMatchObject({ proof: 'NEVER', fine: true });
  await settle('restore', 'PASSED');
  await settle('restore', 'UNKNOWN', { checks: [check('object', 'UNKNOWN')] });
  expect(await proof()).toMatchObject({ proof: 'PROVEN', proven: true });
  await settle('archive', 'FAILED');
  await settle('restore', 'UNKNOWN', { checks: [check('sha256', 'PASSED')] });
  expect(await proof()).toMatchObject({ proof: 'FAILED' });
});

test.each([
  ['bytes', 'bytes', 'NEVER'],
  ['bytes', 'archive', 'NEVER'],
  ['bytes', 'restore', 'PROVEN'],
  ['archive', 'bytes', 'FAILED'],
  ['archive', 'archive', 'NEVER'],
  ['restore', 'bytes', 'FAILED'],
  ['restore', 'archive', 'FAILED'],
  ['restore', 'restore', 'PROVEN'],
] as const)('FAILED at %s, then passed at %s: %s', async (failedAt, passedAt, expected) => {
  await settle(failedAt, 'FAILED');
  expect(await proof()).toMatchObject({ proof: 'FAILED', failed: true, fine: false });
  await settle(passedAt, 'PASSED');
  expect((await proof())?.['proof']).toBe(expected);
});

test('what was proven before a scrub failed is proven again once the bytes are fine', async () => {
  await settle('restore', 'PASSED');
  await settle('bytes', 'FAILED');
  expect(await proof()).toMatchObject({ proof: 'FAILED', proven: true });
  await settle('bytes', 'PASSED');
  expect(await proof()).toMatchObject({ proof: 'PROVEN' });
});

test('a failure at one destination is not mended by the copy at another', async () => {
  await settle('bytes', 'FAILED', { destination: 's3' });
  await settle('restore', 'PASSED', { destination: 'local' });
  expect(await proof()).toMatchObject({ proof: 'FAILED', proven: true });
  await settle('bytes', 'PASSED', { destination: 's3' });
  expect(await proof()).toMatchObject({ proof: 'PROVEN' });
});

test.each(['EXPIRED', 'DELETED'])(
  'a backup that is %s by then is never marked: UNKNOWN conflict',
  async (status) => {
    await catalogue.raw`update backups set status = ${status}`;
    await settle('bytes', 'FAILED');
    await settle('restore', 'PASSED');
    expect(await proof()).toMatchObject({ proof: 'NEVER', proven: false, fine: false, failed: false });
    const rows = await catalogue.raw`select status, proven, error_code from verifications`;
    expect([...rows]).toEqual([
      { status: 'UNKNOWN', proven: false, error_code: 'conflict' },
      { status: 'UNKNOWN', proven: false, error_code: 'conflict' },
    ]);
  },
);

test('only the worker that holds it may end it; a repeated write changes nothing', async () => {
  expect(await settle('bytes', 'FAILED', { worker: randomUUID() })).toBe('lost');
  expect(await proof()).toMatchObject({ proof: 'NEVER' });
  const [row] = await catalogue.raw<{ id: string }[]>`select id from verifications`;
  const again = () =>
    catalogue.db.transaction((tx) =>
      settleVerification(tx, row!.id, WORKER, {
        outcome: outcomeOf('PASSED', 'restore'),
        outcomeIfDeleted: outcomeOf('UNKNOWN', 'restore'),
        checks: [check('a', 'PASSED'), check('b', 'FAILED'), check('c', 'UNKNOWN')],
        log: '',
      }),
    );
  expect(await again()).toBe('settled');
  expect(await again()).toBe('already');
  const counts = await catalogue.raw`select passed_count, failed_count, unknown_count from verifications`;
  expect(counts[0]).toEqual({ passed_count: 1, failed_count: 1, unknown_count: 1 });
});

test('settings of another version keep what they have and take the rest from the defaults', async () => {
  const { verification } = DEFAULT_SETTINGS;
  await catalogue.raw`insert into settings (key, value) values ('console', '{"rpoHours": 12}')`;
  expect(await readConsoleSettings(catalogue.db)).toEqual({ ...DEFAULT_SETTINGS, rpoHours: 12 });
  await catalogue.raw`update settings set value = '{"rpoHours": 12, "verification": {"scrubDays": 3}}'`;
  expect((await readConsoleSettings(catalogue.db)).verification).toEqual({ ...verification, scrubDays: 3 });
});
