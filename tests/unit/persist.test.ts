import { expect, test } from 'vitest';
import { systemClock, type Clock } from '#lib/core/clock.ts';
import { AppError } from '#lib/core/errors.ts';
import { answered, persist } from '#lib/engine/persist.ts';
import { createLogger } from '#lib/platform/logger.ts';

const log = createLogger('error');
/** Sleeps a thousand times as fast. */
const fast: Clock = {
  now: () => systemClock.now(),
  sleep: (ms, signal) => systemClock.sleep(ms / 1000, signal),
};

test('a write that is never answered is tried again', async () => {
  let tries = 0;
  const write = (): Promise<string> => {
    tries += 1;
    return tries === 1 ? new Promise(() => undefined) : Promise.resolve('written');
  };
  expect(await persist({ clock: fast, log }, 'a test', write)).toBe('written');
  expect(tries).toBe(2);
});

test('another error is thrown at once; an answer in time is the answer; silence is catalogue_down', async () => {
  const broken = new AppError('bug', 'broken');
  await expect(persist({ clock: fast, log }, 'a test', () => Promise.reject(broken))).rejects.toBe(broken);
  expect(await answered(fast, Promise.resolve(1), 1000)).toBe(1);
  await expect(answered(fast, new Promise(() => undefined), 1000)).rejects.toMatchObject({
    code: 'catalogue_down',
  });
});
