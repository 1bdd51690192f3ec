import { execFileSync } from 'node:child_process';
import { expect, it } from 'vitest';
import { runLimited } from '#scripts/check/run-limited.ts';
import { ROOT } from '../../support/temporary-tree.ts';

const run = (script: string, limitMs = 20_000) => runLimited(['sh', '-c', script], { cwd: ROOT, limitMs });
const isAlive = (pid: number): boolean => {
  if (!(pid > 1)) throw new Error('no process id was printed');
  try {
    // A zombie is dead, however long its parent takes to notice.
    return !execFileSync('ps', ['-o', 'stat=', '-p', String(pid)], { encoding: 'utf8' }).startsWith('Z');
  } catch {
    return false;
  }
};

it('keeps what a good program printed', async () => {
  expect(await run('echo out; echo err >&2')).toMatchObject({ isGood: true, reason: '' });
  expect((await run('echo out; echo err >&2')).output.split('\n').sort()).toEqual(['', 'err', 'out']);
});

it('says how a program failed', async () => {
  expect(await run('exit 3')).toMatchObject({ isGood: false, reason: 'exit code 3' });
  expect(await run('kill -9 $$')).toMatchObject({ isGood: false, reason: 'was ended by SIGKILL' });
  const absent = await runLimited(['no-such-program'], { cwd: ROOT, limitMs: 1000 });
  expect(absent.isGood).toBe(false);
  expect(absent.reason).toContain('ENOENT');
});

it('ends a program that takes too long, with everything it started', async () => {
  const { isGood, reason, output } = await run('sleep 600 & echo $!; trap "" TERM; wait; wait', 500);
  expect(isGood).toBe(false);
  expect(reason).toContain('took longer than');
  await expect.poll(() => isAlive(Number(output))).toBe(false);
});

it('does not wait for what a program left running, and ends it', async () => {
  const { isGood, output } = await run('sleep 600 & echo $!');
  expect(isGood).toBe(true);
  await expect.poll(() => isAlive(Number(output))).toBe(false);
});
