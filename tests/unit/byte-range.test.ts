import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseRange } from '#lib/services/byte-range.ts';

test('whatever a client sends, the range lies inside the file', () => {
  const header = fc.oneof(
    fc.string(),
    fc
      .tuple(fc.option(fc.nat()), fc.option(fc.nat()))
      .map(([a, b]) => `bytes=${String(a ?? '')}-${String(b ?? '')}`),
  );
  fc.assert(
    fc.property(header, fc.nat(), (text, size) => {
      const range = parseRange(text, size);
      if (typeof range === 'string') return;
      expect(range.length).toBeGreaterThan(0);
      expect(range.start).toBeGreaterThanOrEqual(0);
      expect(range.start + range.length).toBeLessThanOrEqual(size);
    }),
  );
});

test('an empty file has no satisfiable range, and none is asked for without the header', () => {
  expect(parseRange('bytes=0-', 0)).toBe('unsatisfiable');
  expect(parseRange(null, 0)).toBe('whole');
});
