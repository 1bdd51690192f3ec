import { describe, expect, test } from 'vitest';
import {
  aboutDuration,
  checkDuration,
  coarseDuration,
  shortDuration,
  targetMinutes,
  timeLeft,
} from '#lib/client/durations.ts';

describe('durations', () => {
  test.each([
    [-5, 'moments'],
    [29, 'moments'],
    [60, '1 minute'],
    [119 * 60, '119 minutes'],
    [9 * 3600, '9 hours'],
    [71 * 3600, '71 hours'],
    [73 * 3600, '3 days'],
  ])('%i seconds are roughly %s', (seconds, words) => {
    expect(coarseDuration(seconds)).toBe(words);
  });

  test.each([
    [0, '0.0 s'],
    [3_149, '3.1 s'],
    [12_400, '12 s'],
    [185_000, '3 min 05 s'],
    [7_800_000, '2 h 10 min'],
    [3_599_900, '1 h 00 min'],
  ])('%i ms are %s', (ms, words) => {
    expect(shortDuration(ms)).toBe(words);
  });

  test.each([
    [12, '12 ms'],
    [999, '999 ms'],
    [1_500, '1.5 s'],
  ])('a check of %i ms took %s', (ms, words) => {
    expect(checkDuration(ms)).toBe(words);
  });

  test.each([
    [120, '1 second'],
    [12_400, '12 seconds'],
    [243_000, '4 minutes'],
    [5_400_000, '1 hour 30 minutes'],
    [7_200_000, '2 hours'],
  ])('a restore of %i ms takes about %s', (ms, words) => {
    expect(aboutDuration(ms)).toBe(words);
  });

  test.each([
    [0.2, '1 s'],
    [61, '2 min'],
    [3_600, '1 h 00 min'],
  ])('%d seconds left read %s', (seconds, words) => {
    expect(timeLeft(seconds)).toBe(words);
  });

  test('targets are hours where they are whole hours', () => {
    expect([targetMinutes(60), targetMinutes(1440), targetMinutes(45)]).toEqual([
      '1 hour',
      '24 hours',
      '45 minutes',
    ]);
  });
});
