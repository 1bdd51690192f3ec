import { describe, expect, test } from 'vitest';
import { prefixOf } from '#lib/core/archive-name.ts';
import { AppError } from '#lib/core/errors.ts';
import { matchSource, type SourceMarks } from '#lib/engine/match-source.ts';

const source = (values: Partial<SourceMarks>): SourceMarks => ({
  id: 'shop',
  name: 'Shop',
  kind: 'postgres',
  label: 'shop',
  filePrefix: 'shop_backup',
  ...values,
});
const shop = source({});
const uploads = source({
  id: 'uploads',
  name: 'Uploads',
  kind: 'files',
  label: '/srv/uploads',
  filePrefix: 'up',
});
const sources = [shop, uploads];
const of = (filename: string, database = 'shop', kind: SourceMarks['kind'] = 'postgres') => ({
  filename,
  database,
  kind,
});
const refusal = (act: () => unknown): AppError => {
  try {
    act();
  } catch (error) {
    if (error instanceof AppError) return error;
    throw error;
  }
  throw new Error('it was not refused');
};

describe('prefixOf', () => {
  test.each([
    ['ims_backup_2026-11-21_01-00.dump', 'ims_backup'],
    ['ims_backup_2026-11-21_01-00-12.dump.zst.age', 'ims_backup'],
    ['ims_backup_2026-11-21_01-00.dump.zst.gz', 'ims_backup'],
    ['a_2026-01-01_00-00_2026-11-21_01-00.tar.zst', 'a_2026-01-01_00-00'],
    ['x.y-z_before_restore_2026-11-21_01-00.sqlite.gz', 'x.y-z_before_restore'],
    ['r_2026-11-21_01-00.rdb', 'r'],
  ])('of %s is %s', (name, prefix) => {
    expect(prefixOf(name)).toBe(prefix);
  });
  test.each(['ims_backup.dump', '_2026-11-21_01-00.dump', 'a_2026-11-21_01-00.zip', 'a_2026-11-21.dump', ''])(
    'of "%s" there is none',
    (name) => {
      expect(prefixOf(name)).toBeNull();
    },
  );
});

describe('the source of an archive', () => {
  test('is the one whose kind, place and prefix agree', () => {
    expect(matchSource(sources, of('shop_backup_2026-11-21_01-00.dump.zst'))).toBe(shop);
    expect(matchSource(sources, of('up_2026-11-21_01-00.tar.zst.age', '/srv/uploads', 'files'))).toBe(
      uploads,
    );
  });

  test.each([
    ['another database', of('shop_backup_2026-11-21_01-00.dump', 'shop2')],
    ['another prefix', of('shop_backup2_2026-11-21_01-00.dump')],
    ['another kind', of('shop_backup_2026-11-21_01-00.tar', 'shop', 'files')],
    ['a name that Holdfast does not give', of('shop_backup.dump')],
  ])('is none for %s', (_what, archive) => {
    expect(refusal(() => matchSource(sources, archive)).code).toBe('not_found');
  });

  test('that moved is named, so that a person sees what differs', () => {
    const error = refusal(() => matchSource(sources, of('shop_backup_2026-11-21_01-00.dump', 'shop2')));
    expect(error.message).toContain('Shop');
    expect(error.message).toContain('"shop2"');
    expect(error.hint).toMatch(/Give that source its place back/);
  });

  test('has also what was taken before a restore, of whatever database of its server', () => {
    expect(matchSource(sources, of('shop_backup_before_restore_2026-11-21_01-00.dump', 'copy'))).toBe(shop);
    const files = of('up_before_restore_2026-11-21_01-00.tar', '/srv/uploads', 'files');
    expect(refusal(() => matchSource(sources, files)).code).toBe('not_found');
  });

  test('is not guessed where two fit', () => {
    const twin = source({ id: 'twin', name: 'Twin' });
    const error = refusal(() => matchSource([...sources, twin], of('shop_backup_2026-11-21_01-00.dump')));
    expect(error).toMatchObject({ code: 'conflict', message: 'more than one source fits: Shop, Twin' });
    const other = source({ id: 'twin', name: 'Twin', label: 'other' });
    expect(matchSource([...sources, other], of('shop_backup_2026-11-21_01-00.dump'))).toBe(shop);
  });

  test('is told on one line, whatever the manifest calls the place', () => {
    const hostile = `a\n\u001b[31m\u009b\u2028${'x'.repeat(5000)}`;
    const { message } = refusal(() => matchSource(sources, of('new_2026-11-21_01-00.dump', hostile)));
    expect(message.length).toBeLessThan(300);
    expect(message).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u2028]/);
  });
});
