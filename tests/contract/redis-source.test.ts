import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Secret } from '#lib/core/secret.ts';
import { parseConfig } from '#lib/platform/config.ts';
import { createRedisSource } from '#lib/sources/redis/redis-source.ts';
import { childrenOf } from '../support/children.ts';
import { freePort } from '../support/postgres.ts';
import { startRedis, type TestRedis } from '../support/redis.ts';
import { sourceContract } from './source.contract.ts';

const CANARY = 'canary-7d21';

/** Every database with its keys, as a digest that Redis makes of names, values and expiries. */
const contentOf = async (server: TestRedis): Promise<unknown> => ({
  keys: (await server.command('info', 'keyspace')).replaceAll(/avg_ttl=\d+/g, ''),
  digest: await server.command('debug', 'digest'),
});

const traits = { hasTables: false, hasChoice: false, hasServer: true, isStreamed: false };
sourceContract('redis', traits, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'hf-redis-contract-'));
  const snapshot = join(folder, 'kept.rdb');
  const server = await startRedis(`${CANARY}-right`);
  const fill = async (): Promise<void> => {
    await server.command('debug', 'populate', '20000', 'key', '300');
    await server.command('rpush', 'list', 'a', 'b', 'c');
    await server.command('set', 'fleeting', 'v', 'ex', '100000');
    await server.command('-n', '3', 'hset', 'hash', 'field', 'value');
  };
  await fill();
  const config = parseConfig({ PATH: process.env['PATH'] });
  const open = (password: string, port: number) =>
    createRedisSource(config, {
      kind: 'redis',
      host: server.host,
      port,
      user: null,
      password: new Secret(password),
    });
  return {
    source: open(`${CANARY}-right`, server.port),
    refused: open(`${CANARY}-wrong`, server.port),
    absent: open(`${CANARY}-right`, await freePort()),
    canary: CANARY,
    processes: () =>
      childrenOf(process.pid)
        .filter(({ argv }) => argv.includes('--rdb'))
        .map(({ argv }) => argv),
    connections: async () => {
      const clients = (await server.command('client', 'list')).split('\n');
      return clients.filter((line) => !line.includes('cmd=client')).length;
    },
    content: () => contentOf(server),
    restore: async (dump) => {
      writeFileSync(snapshot, dump);
      await using restored = await startRedis('restored');
      await restored.stop('SIGKILL');
      copyFileSync(snapshot, join(restored.folder, 'dump.rdb'));
      await restored.start();
      return await contentOf(restored);
    },
    close: async () => {
      await server[Symbol.asyncDispose]();
      rmSync(folder, { recursive: true });
    },
  };
});
