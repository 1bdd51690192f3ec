import { readdirSync, readFileSync } from 'node:fs';
import { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
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

const shell = (script: string): { file: string; args: string[] } => ({
  file: '/bin/sh',
  args: ['-c', script],
});
const openDescriptors = (): number => readdirSync('/proc/self/fd').length;

describe('a program that writes for another one', () => {
  /** `script | reader`, and what either was called. */
  const joined = (script: string, reader: string, ctx = idle()) => {
    const seen: Buffer[] = [];
    const writer = startTool(ctx, {
      ...shell(script),
      isForProgram: true,
      tap: (chunk) => void seen.push(chunk),
    });
    return { writer, run: startTool(ctx, { ...shell(reader), stdin: writer.stdout }), seen };
  };

  test('is read by that one, and no byte passes through this process', async () => {
    const before = openDescriptors();
    const { writer, run, seen } = joined('head -c 3000000 /dev/zero; sleep 0.1', 'cat; printf end');
    const bytes = await read(run);
    expect(bytes.length).toBe(3_000_003);
    expect(bytes.subarray(3_000_000).toString()).toBe('end');
    expect(await writer.exit).toMatchObject({ code: 0 });
    expect(writer.stdout.readableEnded).toBe(true);
    expect(seen).toEqual([]);
    await new Promise(setImmediate);
    expect(openDescriptors()).toBe(before);
  });

  test('can be read here all the same, even late', async () => {
    const before = openDescriptors();
    const prompt = startTool(idle(), { ...shell('head -c 3000000 /dev/zero'), isForProgram: true });
    expect((await read(prompt)).length).toBe(3_000_000);
    const late = startTool(idle(), { ...shell('printf short'), isForProgram: true });
    await late.exit;
    expect((await read(late)).toString()).toBe('short');
    const broken = startTool(idle(), { file: program('exits-1-after-1MiB'), args: [], isForProgram: true });
    await expect(read(broken)).rejects.toMatchObject({ code: 'tool_failed' });
    await new Promise(setImmediate);
    expect(openDescriptors()).toBe(before);
  });

  test('has gone before the other one begins, and nothing is lost', async () => {
    const writer = startTool(idle(), { ...shell('printf whole'), isForProgram: true });
    await writer.exit;
    const run = startTool(idle(), { file: '/bin/cat', args: [], stdin: writer.stdout });
    expect((await read(run)).toString()).toBe('whole');
  });

  test('fails: its reader, which saw a usual end, has not succeeded', async () => {
    const { run } = joined('printf half; exit 7', 'cat');
    await expect(read(run)).rejects.toMatchObject({ code: 'tool_failed', fields: { exitCode: 7 } });
    const late = joined('printf half; exec >&-; sleep 0.3; exit 7', 'cat');
    await expect(read(late.run)).rejects.toMatchObject({ code: 'tool_failed', fields: { exitCode: 7 } });
    expect(await late.run.exit).toMatchObject({ code: 0 });
  });

  test('fails, and its reader fails over the half: the writer is named', async () => {
    for (let round = 0; round < 5; round += 1) {
      const { run } = joined('printf half; exit 7', 'cat > /dev/null; exit 5');
      await expect(read(run)).rejects.toMatchObject({ fields: { exitCode: 7 } });
    }
  });

  test('loses its reader: the reader is named, and not who wrote on', async () => {
    for (const endless of ['exec yes', 'trap "" PIPE; yes 2> /dev/null; exit 141']) {
      const { writer, run } = joined(endless, 'head -c 10; exit 3');
      await expect(read(run)).rejects.toMatchObject({ fields: { exitCode: 3 } });
      await writer.exit;
      const early = joined(endless, 'head -c 10');
      await expect(read(early.run)).rejects.toThrow('sh stopped reading before the end of its input');
    }
    const { run } = joined('exec yes', 'kill -9 $$');
    await expect(read(run)).rejects.toMatchObject({ fields: { exitSignal: 'SIGKILL' } });
    const silent = joined('exec sleep 60', 'exit 3');
    await expect(read(silent.run)).rejects.toMatchObject({ fields: { exitCode: 3 } });
    expect(await silent.writer.exit).toMatchObject({ signal: 'SIGTERM' });
  });

  test('of three, the one that failed by itself is named', async () => {
    const first = startTool(idle(), { ...shell('exec yes'), isForProgram: true });
    const second = startTool(idle(), { file: '/bin/cat', args: [], stdin: first.stdout, isForProgram: true });
    const third = startTool(idle(), { ...shell('head -c 10; exit 3'), stdin: second.stdout });
    await expect(read(third)).rejects.toMatchObject({ fields: { exitCode: 3 } });
    expect(await first.exit).toMatchObject({ signal: 'SIGPIPE' });
  });

  test('its reader is not there', async () => {
    const writer = startTool(idle(), { ...shell('exec yes'), isForProgram: true });
    const run = startTool(idle(), { file: '/nonexistent/program', args: [], stdin: writer.stdout });
    await expect(read(run)).rejects.toMatchObject({ code: 'tool_missing' });
    await writer.exit;
    expect(isAlive(writer.pid)).toBe(false);
  });

  test('an abort ends both, and so does destroying the last', async () => {
    const before = openDescriptors();
    const abort = new AbortController();
    const aborted = joined('exec sleep 60', 'cat', { signal: abort.signal });
    const reading = read(aborted.run);
    abort.abort(new AppError('cancelled', 'stop'));
    await expect(reading).rejects.toMatchObject({ code: 'cancelled' });
    const destroyed = joined('exec sleep 60', 'cat');
    destroyed.run.stdout.destroy();
    const unread = startTool(idle(), { ...shell('exec sleep 60'), isForProgram: true });
    unread.stdout.destroy();
    for (const { pid, exit } of [aborted.writer, aborted.run, destroyed.writer, destroyed.run, unread]) {
      expect(await exit).toMatchObject({ signal: 'SIGTERM' });
      expect(isAlive(pid)).toBe(false);
    }
    await new Promise(setImmediate);
    expect(openDescriptors()).toBe(before);
  });

  test('without a folder for temporary files says what is missing', () => {
    const { TMPDIR } = process.env;
    process.env['TMPDIR'] = '/nonexistent';
    try {
      expect(() => startTool(idle(), { ...shell('true'), isForProgram: true })).toThrow(
        'mkfifo could not make a pipe between two programs',
      );
    } finally {
      if (TMPDIR === undefined) delete process.env['TMPDIR'];
      else process.env['TMPDIR'] = TMPDIR;
    }
  });
});
