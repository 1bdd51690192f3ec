import { describe, expect, it } from 'vitest';
import {
  defaultTarget,
  newRestoreHref,
  planOf,
  suggestedName,
  wayBackHref,
  modesOf,
  type RestoreSearch,
} from '#lib/client/restore-plan.ts';

const now = new Date(2026, 10, 5, 12, 0);
const IMS = { kind: 'postgres', database: 'ims_db' } as const;
const untouched: RestoreSearch = {
  mode: 'new',
  target: null,
  destination: null,
  schemaOnly: false,
  noOwner: false,
  pause: true,
  tables: [],
  into: 'side-schema',
  paths: [],
  hooks: [],
};

describe('the suggested name', () => {
  it('is the database, what it is, and the day', () => {
    expect(suggestedName('ims_db', now)).toBe('ims_db_restored_20261105');
  });

  it.each([
    ['plain letters', 'a'.repeat(63)],
    ['letters of several bytes', 'ü'.repeat(31)],
    ['characters of four bytes', '🗄'.repeat(15)],
  ])('keeps to 63 bytes with %s, without half a character', (_, database) => {
    const name = suggestedName(database, now);
    const bytes = new TextEncoder().encode(name).length;
    expect(bytes).toBeLessThanOrEqual(63);
    // No more is cut than must be.
    expect(bytes).toBeGreaterThan(
      63 - new TextEncoder().encode(String.fromCodePoint(database.codePointAt(0) ?? 0)).length,
    );
    expect(name).toMatch(/_restored_20261105$/);
    expect(name.isWellFormed()).toBe(true);
  });

  it('is the live database where that is to be swapped', () => {
    expect(defaultTarget('swap', IMS, now)).toBe('ims_db');
    expect(defaultTarget('new', IMS, now)).toBe('ims_db_restored_20261105');
  });
});

describe('a plan', () => {
  it('of nothing chosen goes into a new database', () => {
    expect(planOf(untouched, IMS, now)).toEqual({
      refusals: {},
      plan: {
        mode: 'new',
        targetDatabase: 'ims_db_restored_20261105',
        schemaOnly: false,
        dataOnly: false,
        noOwner: false,
        pauseBeforeSwap: false,
        hooks: [],
      },
    });
  });

  it('of a swap waits before it and takes the whole backup, whatever was ticked for another mode', () => {
    const { plan } = planOf({ ...untouched, mode: 'swap', schemaOnly: true }, IMS, now);
    expect(plan).toMatchObject({
      mode: 'swap',
      targetDatabase: 'ims_db',
      schemaOnly: false,
      pauseBeforeSwap: true,
    });
  });

  it('of the live database takes everything, with the commands that were chosen', () => {
    const search = { ...untouched, mode: 'in-place', schemaOnly: true, hooks: ['stop-app'] } as const;
    expect(planOf(search, IMS, now).plan).toMatchObject({
      mode: 'in-place',
      targetDatabase: 'ims_db',
      schemaOnly: false,
      pauseBeforeSwap: false,
      hooks: ['stop-app'],
    });
  });

  it('keeps a name with quotes and letters of any language as it was typed', () => {
    expect(planOf({ ...untouched, target: 'läger "neu"' }, IMS, now).plan?.targetDatabase).toBe(
      'läger "neu"',
    );
  });

  it.each([
    ['no name', ''],
    ['only spaces', '   '],
    ['a name of 64 bytes', 'a'.repeat(64)],
    ['a name with a line break', 'ims\ndb'],
    ['the database in use', 'ims_db'],
  ])('is refused with words for %s', (_, target) => {
    const { plan, refusals } = planOf({ ...untouched, target }, IMS, now);
    expect(plan).toBeNull();
    expect(refusals['targetDatabase']).toMatch(/^[A-Z“].*\.$/);
  });
});

it('is reached by an address that keeps the table somebody came for', () => {
  expect(newRestoreHref('a1')).toBe('/restores/new?backup=a1');
  expect(newRestoreHref('a1', 'public.a b&c')).toBe('/restores/new?backup=a1&table=public.a+b%26c');
});

describe('some tables', () => {
  const some: RestoreSearch = { ...untouched, mode: 'tables', tables: ['public.orders'], into: 'replace' };

  it('come into the live database, in the way that was chosen', () => {
    expect(planOf(some, IMS, now).plan).toMatchObject({
      mode: 'tables',
      targetDatabase: 'ims_db',
      tables: ['public.orders'],
      tablesInto: 'replace',
    });
  });

  it('must be chosen, and are left out of every other mode', () => {
    expect(planOf({ ...some, tables: [] }, IMS, now)).toEqual({
      plan: null,
      refusals: { tables: 'Choose at least one table.' },
    });
    expect(planOf({ ...some, mode: 'new' }, IMS, now).plan).not.toHaveProperty('tables');
  });

  it('have an address that chooses one, whatever its name', () => {
    const href = newRestoreHref('a1', 'public.a,b c', 'table');
    expect(Object.fromEntries(new URL(href, 'http://x').searchParams)).toEqual({
      backup: 'a1',
      table: 'public.a,b c',
      mode: 'tables',
      tables: 'public.a%2Cb c',
    });
  });
});

describe('the way back from a restore in place', () => {
  const restore: Parameters<typeof wayBackHref>[0] = {
    mode: 'in-place',
    status: 'COMPLETED',
    safetyBackup: { id: 'b2', filename: 'ims_before_restore.dump' },
    targetDatabase: 'ims "db"',
    plan: planOf(
      { ...untouched, mode: 'in-place', hooks: ['stop, all', 'start'] },
      { kind: 'postgres', database: 'ims "db"' },
      now,
    ).plan!,
  };

  it('is the preview of its safety backup over the same database', () => {
    const { searchParams } = new URL(wayBackHref(restore)!, 'http://x');
    expect(Object.fromEntries(searchParams)).toEqual({
      backup: 'b2',
      mode: 'in-place',
      target: 'ims "db"',
      hooks: 'stop%2C all,start',
      step: 'preview',
    });
  });

  it('is offered for nothing else', () => {
    expect(wayBackHref({ ...restore, status: 'FAILED' })).toBeNull();
    expect(wayBackHref({ ...restore, safetyBackup: null })).toBeNull();
    expect(wayBackHref({ ...restore, mode: 'swap' })).toBeNull();
  });
});

describe('a path', () => {
  const uploads = { kind: 'files', database: '/srv/uploads' } as const;
  const swap: RestoreSearch = { ...untouched, mode: 'swap' };

  it('comes back to a new one beside it, or is swapped with the live one; nothing else is offered', () => {
    expect(modesOf('files')).toEqual(['new', 'swap']);
    expect(planOf(untouched, uploads, now)).toEqual({
      refusals: {},
      plan: {
        mode: 'new',
        targetDatabase: '/srv/uploads_restored',
        schemaOnly: false,
        dataOnly: false,
        noOwner: false,
        pauseBeforeSwap: false,
        hooks: [],
      },
    });
    expect(planOf({ ...swap, hooks: ['stop-app'] }, uploads, now).plan).toMatchObject({
      mode: 'swap',
      targetDatabase: '/srv/uploads',
      pauseBeforeSwap: true,
      hooks: ['stop-app'],
    });
  });

  it('knows nothing of tables and owners, whatever an address asks for', () => {
    const search = { ...untouched, mode: 'in-place', schemaOnly: true, noOwner: true } as const;
    expect(planOf(search, uploads, now).plan).toMatchObject({
      mode: 'new',
      schemaOnly: false,
      noOwner: false,
    });
    expect(planOf({ ...untouched, mode: 'tables', tables: ['a'] }, uploads, now).plan).not.toHaveProperty(
      'tables',
    );
  });

  it('is taken with a slash at its end or without', () => {
    expect(planOf({ ...untouched, target: ' /srv/other/ ' }, uploads, now).plan?.targetDatabase).toBe(
      '/srv/other',
    );
  });

  it.each([
    ['no path', ''],
    ['a relative one', 'srv/uploads'],
    ['one that leads elsewhere', '/srv/../etc'],
    ['the live one, for a new one', '/srv/uploads/'],
  ])('is refused with words for %s', (_, target) => {
    const { plan, refusals } = planOf({ ...untouched, target }, uploads, now);
    expect(plan).toBeNull();
    expect(refusals['targetDatabase']).toMatch(/^[A-Z“].*\.$/);
    expect(refusals['targetDatabase']).not.toContain('database');
  });

  it('may come back in part, of files alone', () => {
    const some = { ...swap, paths: ['docker/nginx.conf', '.env'] };
    expect(planOf(some, uploads, now).plan?.paths).toEqual(['docker/nginx.conf', '.env']);
    expect(planOf({ ...some, paths: ['../x'] }, uploads, now).refusals['paths']).toContain('“../x”');
    const sqlite = { kind: 'sqlite', database: '/srv/app.db' } as const;
    expect(planOf(some, sqlite, now).plan).not.toHaveProperty('paths');
  });

  it('of a Redis server is known to that server alone, and has to be typed', () => {
    const redis = { kind: 'redis', database: 'cache:6379' } as const;
    expect(planOf(swap, redis, now).refusals).toEqual({ targetDatabase: 'Give a path.' });
    expect(planOf({ ...swap, target: '/var/lib/redis/dump.rdb' }, redis, now).plan).toMatchObject({
      mode: 'swap',
      targetDatabase: '/var/lib/redis/dump.rdb',
    });
  });
});
