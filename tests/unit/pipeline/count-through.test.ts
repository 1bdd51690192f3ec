import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { describe, expect, test } from 'vitest';
import { AppError } from '#lib/core/errors.ts';
import { countThrough } from '#lib/pipeline/count-through.ts';
import { startTool } from '#lib/tools/start-tool.ts';
import { childrenOf, endAll } from '#tests/support/children.ts';

const ctx = { signal: new AbortController().signal };
const written = (script: string): Readable =>
  startTool(ctx, { file: '/bin/sh', args: ['-c', script], isForProgram: true }).stdout;
const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

const WAYS: [string, (script: string) => Readable][] = [
  ['in a program of its own', written],
  ['in this process', (script) => startTool(ctx, { file: '/bin/sh', args: ['-c', script] }).stdout],
];

describe.each(WAYS)('bytes counted %s', (_, open) => {
  test('are the same bytes, their number and their SHA-256', async () => {
    const told: number[] = [];
    const counted = countThrough(ctx, open('seq 1000000; sleep 0.3; seq 10'), (bytes) => told.push(bytes));
    const bytes = await buffer(counted.body);
    await counted.exit;
    expect(bytes.length).toBe(6_888_896 + 21);
    expect(counted.result()).toEqual({ bytes: bytes.length, sha256: sha256(bytes) });
    expect(told.length).toBeGreaterThan(1);
    expect(told).toEqual(told.toSorted((a, b) => a - b));
    expect(told.at(-1)).toBe(bytes.length);
  });

  test('reach the next program', async () => {
    const counted = countThrough(ctx, open('seq 100000'), () => undefined);
    const run = startTool(ctx, { file: '/usr/bin/wc', args: ['-c'], stdin: counted.body });
    expect((await buffer(run.stdout)).toString().trim()).toBe('588895');
    expect(counted.result().bytes).toBe(588_895);
  });

  test('of nobody are none', async () => {
    const counted = countThrough(ctx, open('true'), () => undefined);
    expect((await buffer(counted.body)).length).toBe(0);
    expect(counted.result()).toEqual({ bytes: 0, sha256: sha256(new Uint8Array()) });
  });

  test('that are cut off do not end', async () => {
    const counted = countThrough(ctx, open('seq 100000; exit 9'), () => undefined);
    await expect(buffer(counted.body)).rejects.toMatchObject({
      code: 'tool_failed',
      fields: { exitCode: 9 },
    });
    await counted.exit;
  });

  test('stop when nobody wants them', async () => {
    const input = open('exec yes');
    const counted = countThrough(ctx, input, () => undefined);
    await new Promise((resolve) => counted.body.once('readable', resolve));
    counted.body.destroy();
    await counted.exit;
    await expect.poll(() => input.closed).toBe(true);
  });
});

test('bytes whose counting program dies do not end', async () => {
  const counted = countThrough(ctx, written('while seq 10; do sleep 0.1; done'), () => {
    endAll(childrenOf(process.pid).filter(({ argv }) => argv.includes('count-bytes.mjs')));
  });
  const reading = buffer(counted.body);
  await expect(reading).rejects.toMatchObject({ code: 'tool_failed', fields: { exitSignal: 'SIGKILL' } });
  expect(() => counted.result()).toThrow(AppError);
});

test('an error of the input that is in this process is the error of the bytes', async () => {
  const broken = new Readable({ read() {} });
  broken.push('half');
  const counted = countThrough(ctx, broken, () => undefined);
  setTimeout(() => broken.destroy(new AppError('short_read', 'cut')), 20);
  await expect(buffer(counted.body)).rejects.toMatchObject({ code: 'short_read' });
});
