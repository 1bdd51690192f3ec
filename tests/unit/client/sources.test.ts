import { describe, expect, test } from 'vitest';
import { FilePrefix, SourceCreate, type Source } from '#lib/contracts/source.ts';
import { DEFAULT_VERIFICATION_POLICY } from '#lib/contracts/verification.ts';
import { readingRoleSql } from '#lib/client/reading-role.ts';
import { cronWords, nextRuns, runWords } from '#lib/client/schedule-words.ts';
import {
  createRequest,
  createRequests,
  newSourceFields,
  probeRequest,
  suggestedPrefix,
  updateRequest,
} from '#lib/client/source-form.ts';

const installed = {
  schedule: { isEnabled: false, cron: '0 1 * * *', timeZone: 'UTC' },
  retention: { daily: 7, weekly: 4, monthly: 12 },
  verification: DEFAULT_VERIFICATION_POLICY,
};
const fields = {
  ...newSourceFields(installed),
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
    expect(probeRequest(fields, null).password).toBeNull();
    expect(probeRequest(fields, null)).not.toHaveProperty('sourceId');
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
    ['äöü', 'database_backup'],
    ['_x', 'x_backup'],
  ])('suggests for %s the prefix %s', (database, prefix) => {
    expect(suggestedPrefix(database)).toBe(prefix);
    expect(FilePrefix.safeParse(prefix).success).toBe(true);
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
