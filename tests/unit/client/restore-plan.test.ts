import { describe, expect, it } from 'vitest';
import {
  defaultTarget,
  newRestoreHref,
  planOf,
  suggestedName,
  wayBackHref,
  type RestoreSearch,
} from '#lib/client/restore-plan.ts';

const now = new Date(2026, 10, 5, 12, 0);
const untouched: RestoreSearch = {
  mode: 'new',
  target: null,
  destination: null,
  schemaOnly: false,
  noOwner: false,
  pause: true,
  tables: [],
  into: 'side-schema',
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
    expect(defaultTarget('swap', 'ims_db', now)).toBe('ims_db');
    expect(defaultTarget('new', 'ims_db', now)).toBe('ims_db_restored_20261105');
  });
});

describe('a plan', () => {
  it('of nothing chosen goes into a new database', () => {
    expect(planOf(untouched, 'ims_db', now)).toEqual({
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
    const { plan } = planOf({ ...untouched, mode: 'swap', schemaOnly: true }, 'ims_db', now);
    expect(plan).toMatchObject({
      mode: 'swap',
      targetDatabase: 'ims_db',
      schemaOnly: false,
      pauseBeforeSwap: true,
    });
  });

  it('of the live database takes everything, with the commands that were chosen', () => {
    const search = { ...untouched, mode: 'in-place', schemaOnly: true, hooks: ['stop-app'] } as const;
    expect(planOf(search, 'ims_db', now).plan).toMatchObject({
      mode: 'in-place',
      targetDatabase: 'ims_db',
      schemaOnly: false,
      pauseBeforeSwap: false,
      hooks: ['stop-app'],
    });
  });

  it('keeps a name with quotes and letters of any language as it was typed', () => {
    expect(planOf({ ...untouched, target: 'läger "neu"' }, 'ims_db', now).plan?.targetDatabase).toBe(
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
    const { plan, refusals } = planOf({ ...untouched, target }, 'ims_db', now);
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
    expect(planOf(some, 'ims_db', now).plan).toMatchObject({
      mode: 'tables',
      targetDatabase: 'ims_db',
      tables: ['public.orders'],
      tablesInto: 'replace',
    });
  });

  it('must be chosen, and are left out of every other mode', () => {
    expect(planOf({ ...some, tables: [] }, 'ims_db', now)).toEqual({
      plan: null,
      refusals: { tables: 'Choose at least one table.' },
    });
    expect(planOf({ ...some, mode: 'new' }, 'ims_db', now).plan).not.toHaveProperty('tables');
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
    plan: planOf({ ...untouched, mode: 'in-place', hooks: ['stop, all', 'start'] }, 'ims "db"', now).plan!,
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
