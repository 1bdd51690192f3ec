import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Facts } from '#lib/contracts/facts.ts';
import { Secret } from '#lib/core/secret.ts';
import { parseConfig } from '#lib/platform/config.ts';
import { createRedisCopy } from '#lib/sources/redis/redis-copy.ts';
import { createRedisSource } from '#lib/sources/redis/redis-source.ts';
import { factsContext } from '#tests/support/facts.ts';
import { withSmallTmpfs } from '#tests/support/faults.ts';
import { describeWith } from '#tests/support/needs.ts';
import { faultsOf, manifestWith, reporting } from '#tests/support/path-copy.ts';
import { startRedis, type TestRedis } from '#tests/support/redis.ts';

const config = parseConfig({ PATH: process.env['PATH'] });
const copy = createRedisCopy(config);
const whole = { paths: null };
let folder: string;
let server: TestRedis;
let dumped: string;
let facts: Facts;

async function take(workDir: string): Promise<{ readonly bytes: Buffer; readonly facts: Facts }> {
  const { host, port } = server;
  const source = createRedisSource(config, {
    kind: 'redis',
    host,
    port,
    user: null,
    password: new Secret('of a test'),
  });
  await using dump = await source.dump(
    { ...factsContext(), workDir },
    {
      tables: null,
      schemaOnly: false,
      compression: 'none',
      facts: { takesFingerprints: true, fingerprintMaxBytes: 1e9 },
    },
  );
  const bytes = await buffer(dump.body);
  return { bytes, facts: await dump.facts() };
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'hf-redis-'));
  server = await startRedis('of a test');
  await server.command('debug', 'populate', '1000', 'key', '100');
  await server.command('-n', '3', 'set', 'one', '1');
  const taken = await take(folder);
  dumped = join(folder, 'dumped');
  writeFileSync(dumped, taken.bytes);
  ({ facts } = taken);
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});

async function faultsAfter(
  change: (bytes: Buffer) => Buffer,
  keys: Facts['keys'] = facts.keys,
): Promise<Readonly<Record<string, string>>> {
  const place = mkdtempSync(join(folder, 'copy-'));
  const at = join(place, 'copy');
  await copy.fill(reporting().ctx, dumped, at, whole);
  expect(statSync(at).mode & 0o777).toBe(0o600);
  writeFileSync(at, change(readFileSync(at)));
  const faults = await faultsOf(copy, at, manifestWith('redis', { ...facts, keys }, '7.0.15'));
  expect(readdirSync(place), 'looking leaves nothing').toEqual(['copy']);
  return faults;
}
const asItIs = (bytes: Buffer): Buffer => bytes;

test('a copy as it was dumped passes every check', async () => {
  expect(facts.keys?.databases).toEqual([
    { index: 0, before: 1000, after: 1000 },
    { index: 3, before: 1, after: 1 },
  ]);
  expect(await faultsAfter(asItIs)).toEqual({});
});

test.each([
  [
    'a flipped bit',
    (bytes: Buffer) => {
      const changed = Buffer.from(bytes);
      const at = Math.floor(bytes.length / 2);
      changed[at] = (changed[at] ?? 0) ^ 1;
      return changed;
    },
  ],
  ['a missing end', (bytes: Buffer) => bytes.subarray(0, -20)],
  ['something else', () => Buffer.from('not a snapshot at all')],
])('%s fails the integrity', async (_, change) => {
  expect(await faultsAfter(change)).toEqual({ integrity: 'FAILED' });
});

test('a snapshot that the program here is too old for is UNKNOWN, with what to install', async () => {
  const at = join(folder, 'newer');
  writeFileSync(at, Buffer.concat([Buffer.from('REDIS0099'), readFileSync(dumped).subarray(9)]));
  const { ctx, checks, errors } = reporting();
  await copy.compare(ctx, at, manifestWith('redis', facts), whole);
  expect(checks).toMatchObject([{ name: 'integrity', verdict: 'UNKNOWN', isRequired: true }]);
  expect(errors).toMatchObject([{ code: 'tool_version' }]);
});

test('keys are held against the counts from before and after the snapshot', async () => {
  const counted = (index: number, before: number, after: number) => ({ index, before, after });
  const expecting = (...databases: ReturnType<typeof counted>[]) => faultsAfter(asItIs, { databases });
  expect(await expecting(counted(0, 900, 1000), counted(3, 1, 1))).toEqual({});
  expect(await expecting(counted(0, 1100, 990), counted(3, 1, 1))).toEqual({});
  // Keys that live for a moment may have been in the snapshot, and in neither count.
  expect(await expecting(counted(0, 900, 910), counted(3, 1, 1))).toEqual({ keys: 'UNKNOWN' });
  expect(await expecting(counted(0, 999, 999), counted(2, 1, 1), counted(3, 1, 1))).toEqual({
    databases: 'FAILED',
  });
  expect(await expecting(counted(0, 1000, 1000), counted(2, 1, 0), counted(3, 1, 1))).toEqual({});
  expect(await faultsAfter(asItIs, null)).toEqual({ databases: 'UNKNOWN', keys: 'UNKNOWN' });
});

test('filling refuses a dump that is no snapshot, and a path where something is', async () => {
  const { ctx } = reporting();
  const other = join(folder, 'other');
  writeFileSync(other, 'not a snapshot');
  await expect(copy.fill(ctx, other, join(folder, 'new'), whole)).rejects.toMatchObject({
    code: 'restore_failed',
  });
  await expect(copy.fill(ctx, dumped, other, whole)).rejects.toMatchObject({ code: 'target_not_empty' });
  expect(readFileSync(other, 'utf8')).toBe('not a snapshot');
});

describeWith('a full disk')('Redis and small disks', () => {
  test('too little room is told before the snapshot is asked for, and where it runs out while a copy is filled', async () => {
    await withSmallTmpfs(1, async (small) => {
      execFileSync('dd', ['if=/dev/zero', `of=${join(small, 'filler')}`, 'bs=1k', 'count=700'], {
        stdio: 'ignore',
      });
      await expect(take(small)).rejects.toMatchObject({ code: 'storage_full' });
      expect(readdirSync(small)).toEqual(['filler']);
    });
    await withSmallTmpfs(3, async (small) => {
      const at = join(small, 'copy');
      const large = join(folder, 'large');
      writeFileSync(large, Buffer.concat([Buffer.from('REDIS0010'), Buffer.alloc(4 * 1024 * 1024)]));
      await expect(copy.fill(reporting().ctx, large, at, whole)).rejects.toMatchObject({
        code: 'storage_full',
      });
    });
  });
});
