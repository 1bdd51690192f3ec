import { readFileSync } from 'node:fs';
import { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { AppError } from '#lib/core/errors.ts';
import { Secret } from '#lib/core/secret.ts';
import { startTool, type ToolRun } from '#lib/tools/start-tool.ts';

const program = (name: string): string =>
  fileURLToPath(new URL(`../../fixtures/programs/${name}.sh`, import.meta.url));
const idle = (): { signal: AbortSignal } => ({ signal: new AbortController().signal });

async function read(run: ToolRun): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of run.stdout as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks);
}
function isAlive(pid: number | undefined): boolean {
  try {
    process.kill(pid ?? -1, 0);
    return true;
  } catch {
    return false;
  }
}

test('all of stdout arrives and ends after exit 0', async () => {
  const seen: Buffer[] = [];
  const run = startTool(idle(), {
    file: program('trickles'),
    args: [],
    tap: (chunk) => void seen.push(chunk),
  });
  expect((await read(run)).toString()).toBe('12345');
  expect(Buffer.concat(seen).toString()).toBe('12345');
  expect(await run.exit).toMatchObject({ code: 0, signal: null });
});

test('stdout errors, and does not end, after exit 1; its message masks a secret', async () => {
  const run = startTool(idle(), {
    file: program('exits-1-after-1MiB'),
    args: [],
    env: { CANARY: new Secret('hunter2-canary') },
  });
  const error = await read(run).then(
    () => null,
    (thrown: unknown) => thrown as AppError,
  );
  expect(error).toMatchObject({ code: 'tool_failed' });
  expect(error?.message).toContain('ran into trouble with [secret]');
  expect((await run.exit).stderrTail).not.toContain('hunter2');
});

test('of a flood on stderr the end is kept, and the program is not blocked by it', async () => {
  const run = startTool(idle(), { file: program('floods-stderr'), args: [] });
  expect((await read(run)).toString()).toBe('done');
  const { stderrTail } = await run.exit;
  expect(stderrTail.length).toBeLessThanOrEqual(64 * 1024);
  expect(stderrTail.trimEnd().endsWith('the last line')).toBe(true);
});

test('an abort ends a program that ignores SIGTERM, with the reason of the abort', async () => {
  const abort = new AbortController();
  const run = startTool(
    { signal: abort.signal },
    { file: program('ignores-sigterm'), args: [], killAfterMs: 200 },
  );
  const reading = read(run);
  await new Promise((resolve) => run.stdout.once('data', resolve));
  abort.abort(new AppError('cancelled', 'stop'));
  await expect(reading).rejects.toMatchObject({ code: 'cancelled' });
  expect(await run.exit).toMatchObject({ signal: 'SIGKILL' });
  expect(isAlive(run.pid)).toBe(false);
});

test('destroying stdout stops the program', async () => {
  const run = startTool(idle(), { file: '/bin/sleep', args: ['60'] });
  run.stdout.destroy();
  expect(await run.exit).toMatchObject({ signal: 'SIGTERM' });
  expect(isAlive(run.pid)).toBe(false);
});

test('a program that is not there is tool_missing', async () => {
  const run = startTool(idle(), { file: '/nonexistent/program', args: [] });
  await expect(read(run)).rejects.toMatchObject({ code: 'tool_missing' });
});

test('stdin that fails ends the program, and its error is the error of stdout', async () => {
  const broken = new Readable({ read() {} });
  broken.push('half');
  const run = startTool(idle(), { file: '/bin/cat', args: [], stdin: broken });
  setTimeout(() => broken.destroy(new AppError('short_read', 'cut')), 50);
  await expect(read(run)).rejects.toMatchObject({ code: 'short_read' });
  const whole = startTool(idle(), {
    file: '/bin/cat',
    args: [],
    stdin: Readable.from([Buffer.from('whole')]),
  });
  expect((await read(whole)).toString()).toBe('whole');
});

test('a program that stops reading early has not succeeded, even if it exits 0', async () => {
  const endless = new Readable({
    read() {
      this.push(Buffer.alloc(65_536));
    },
  });
  const run = startTool(idle(), { file: '/usr/bin/head', args: ['-c', '10'], stdin: endless });
  await expect(read(run)).rejects.toMatchObject({ code: 'tool_failed' });
});

test('the environment is only what was given', async () => {
  const run = startTool(idle(), { file: '/usr/bin/env', args: [], env: { ONLY: 'this' } });
  const names = (await read(run))
    .toString()
    .trim()
    .split('\n')
    .map((line) => line.split('=')[0]);
  expect(names.sort()).toEqual(['LC_ALL', 'ONLY', 'PATH', 'TZ']);
  expect(readFileSync('/proc/self/cmdline', 'utf8')).not.toContain('hunter2');
});

test('a program starts in the folder it was given, and steps back as far as it was told', async () => {
  const run = startTool(idle(), { file: '/bin/sh', args: ['-c', 'pwd'], cwd: '/usr' });
  // The niceness is set from outside, so it may come after a program's first words.
  const [folder] = (await read(run)).toString().split('\n');
  expect(folder).toBe('/usr');
  const slow = startTool(idle(), { file: '/bin/sh', args: ['-c', 'sleep 0.2; nice'], niceness: 7 });
  const plain = startTool(idle(), { file: '/bin/sh', args: ['-c', 'sleep 0.2; nice'] });
  expect(Number(await read(slow)) - Number(await read(plain))).toBe(7);
});

test('a program runs as the user it was given', async () => {
  const own = process.getuid?.() ?? 0;
  // Only root may become another; whoever else runs this may at least stay who they are.
  const identity = own === 0 ? { uid: 65_534, gid: 65_534 } : { uid: own, gid: process.getgid?.() ?? 0 };
  const run = startTool(idle(), { file: '/usr/bin/id', args: ['-u'], cwd: '/', identity });
  expect((await read(run)).toString().trim()).toBe(String(identity.uid));
});
