import { expect, test } from 'vitest';
import { readContents } from '#lib/restore/dump-contents.ts';
import { replacingOrder } from '#lib/restore/replacing-order.ts';

/** As pg_restore --list --verbose prints it; abridged: a table, a partition, and a partition of that one. */
const PRINTED = `;
10; 1259 101 TABLE public log app
60; 2606 109 CONSTRAINT public log log_pkey app
;	depends on: 10 10
61; 2606 110 CONSTRAINT public log_2026 log_2026_pkey app
;	depends on: 60 11 11
62; 2606 111 CONSTRAINT public log_2026_01 log_2026_01_pkey app
;	depends on: 61 12 12
63; 2606 112 CONSTRAINT public others others_pkey app
;	depends on: 13
70; 1259 113 INDEX public log_at app
;	depends on: 10
71; 1259 114 INDEX public log_2026_at_idx app
;	depends on: 11 70
80; 0 0 INDEX ATTACH public log_2026_at_idx app
;	depends on: 71 70 11 10
81; 0 0 INDEX ATTACH public log_2026_pkey app
;	depends on: 61 60 11 10
90; 2606 115 FK CONSTRAINT public others others_log_fkey app
;	depends on: 13 60 10
`;
const { entries } = readContents(PRINTED);
const idsOf = (list: readonly { readonly id: number }[] | null) => list?.map(({ id }) => id) ?? null;

test('what goes backwards meets the keys of partitioned tables before those of their partitions, the outermost first', () => {
  const ordered = idsOf(replacingOrder(entries))!;
  expect([...ordered].toSorted((a, b) => a - b)).toEqual(idsOf(entries));
  const at = (id: number): number => ordered.indexOf(id);
  expect(at(60)).toBeGreaterThan(at(61));
  expect(at(61)).toBeGreaterThan(at(62));
  expect(at(70)).toBeGreaterThan(at(71));
  // What is built on them still comes after them.
  for (const later of [80, 81, 90])
    for (const key of [60, 61, 70, 71]) expect(at(later)).toBeGreaterThan(at(key));
});

test('without partitions the order is good as it is', () => {
  expect(replacingOrder(entries.filter(({ id }) => id === 10 || id === 63 || id === 90))).toBeNull();
});
