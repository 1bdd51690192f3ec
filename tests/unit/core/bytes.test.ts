import fc from 'fast-check';
import { expect, it } from 'vitest';
import { humanBytes } from '#lib/core/bytes.ts';

it.each([
  [0, '0 B'],
  [1, '1 B'],
  [1023, '1023 B'],
  [1024, '1.0 KB'],
  [47_395_635, '45.2 MB'],
  [1024 ** 2 - 1, '1.0 MB'],
  [1024 ** 3, '1.0 GB'],
  [1024 ** 5 * 2000, '2000.0 PB'],
])('writes %i as %s', (bytes, text) => {
  expect(humanBytes(bytes)).toBe(text);
});

it('is right to a twentieth of its unit, and never shows 1024 of one', () => {
  const units = ['B', 'KB', 'MB', 'GB', 'TB', 'PB'];
  fc.assert(
    fc.property(fc.nat({ max: Number.MAX_SAFE_INTEGER }), (bytes) => {
      const [value = '', unit = ''] = humanBytes(bytes).split(' ');
      const factor = 1024 ** units.indexOf(unit);
      expect(Math.abs(Number(value) - bytes / factor)).toBeLessThanOrEqual(0.0500001);
      if (unit !== 'PB') expect(Number(value)).toBeLessThan(1024);
    }),
  );
});
