import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createProgressMeter } from '#lib/core/progress.ts';
import { PHASES } from '#lib/core/run-context.ts';

const at = (seconds: number) => new Date(1_800_000_000_000 + seconds * 1000);

test('a run to one destination: the dump is three quarters, reading back the rest', () => {
  const meter = createProgressMeter(1);
  meter.update({ phase: 'dumping', bytes: 500, totalBytes: 1000 });
  expect(meter.look(at(0)).percent).toBe(37);
  meter.update({ phase: 'dumping', bytes: 5000, totalBytes: 1000 });
  expect(meter.look(at(1))).toMatchObject({ percent: 74, totalBytes: null });
  meter.update({ phase: 'reading-back', bytes: 50, totalBytes: 100 });
  expect(meter.look(at(2)).percent).toBe(87);
  meter.update({ phase: 'finishing', bytes: 100, totalBytes: 100 });
  expect(meter.look(at(3)).percent).toBe(99);
});

test('the rate is smoothed and starts anew with each phase', () => {
  const meter = createProgressMeter(1);
  meter.update({ phase: 'dumping', bytes: 0 });
  expect(meter.look(at(0)).bytesPerSecond).toBeNull();
  for (let second = 1; second <= 60; second += 1) {
    meter.update({ phase: 'dumping', bytes: second * 1000 });
    meter.look(at(second));
  }
  expect(meter.look(at(60)).bytesPerSecond).toBe(1000);
  meter.update({ phase: 'dumping', bytes: 60_000 });
  // One silent second takes a tenth off it, not all.
  expect(meter.look(at(61)).bytesPerSecond).toBeGreaterThan(850);
  meter.update({ phase: 'reading-back', bytes: 10 });
  expect(meter.look(at(62)).bytesPerSecond).toBeNull();
});

test('whatever is reported: the percentage never falls and never says 100, the rate is never negative', () => {
  const updates = fc.array(
    fc.record({
      phase: fc.constantFrom(...PHASES),
      bytes: fc.nat(1e9),
      totalBytes: fc.option(fc.nat(1e9), { nil: undefined }),
      pause: fc.integer({ min: -2, max: 5 }),
    }),
  );
  fc.assert(
    fc.property(updates, fc.integer({ min: 1, max: 2 }), (list, destinations) => {
      const meter = createProgressMeter(destinations);
      let clock = 0;
      let last = 0;
      for (const { pause, ...update } of list) {
        meter.update(update);
        const { percent, bytesPerSecond } = meter.look(at((clock += pause)));
        expect(percent).toBeGreaterThanOrEqual(last);
        expect(percent).toBeLessThan(100);
        expect(bytesPerSecond ?? 0).toBeGreaterThanOrEqual(0);
        last = percent;
      }
    }),
  );
});
