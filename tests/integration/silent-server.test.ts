import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { expect, test } from 'vitest';
import { systemClock } from '#lib/core/clock.ts';
import { parseConfig } from '#lib/platform/config.ts';
import { createPostgresSource } from '#lib/sources/postgres/postgres-source.ts';
import { startPostgres } from '#tests/support/postgres.ts';
import { silentLog } from '#tests/support/loggers.ts';

test.each([
  ['a connection that falls silent without closing errors the dump', true],
  ['one that goes on speaking does not', false],
])('%s', async (_name, freezes) => {
  await using server = await startPostgres();
  await server.createDatabase('big');
  await server.sql(
    'big',
    'create table big as select g id, sha256(g::text::bytea) a from generate_series(1, 500000) g',
  );
  const sockets: Socket[] = [];
  const proxy = createServer((client) => {
    const upstream = connect(server.port, '127.0.0.1');
    sockets.push(client, upstream);
    for (const socket of [client, upstream]) socket.on('error', () => undefined);
    client.pipe(upstream).pipe(client);
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  try {
    const config = parseConfig({
      PGHOST: '127.0.0.1',
      PGPORT: String((proxy.address() as AddressInfo).port),
      PGUSER: 'postgres',
      PGPASSWORD: 'postgres',
      PGDATABASE: 'big',
    });
    const source = createPostgresSource(config, { everyMs: 100, answerWithinMs: freezes ? 500 : 20_000 });
    const ctx = { signal: new AbortController().signal, log: silentLog, clock: systemClock, workDir: '' };
    await using dump = await source.dump(ctx, {
      tables: null,
      schemaOnly: false,
      compression: 'none',
      facts: { takesFingerprints: true, fingerprintMaxBytes: 1e9 },
    });
    const reading = (async () => {
      let bytes = 0;
      for await (const chunk of dump.body as AsyncIterable<Buffer>) {
        bytes += chunk.length;
        if (freezes && bytes > 1_000_000) for (const socket of sockets) socket.unpipe().pause();
      }
      return bytes;
    })();
    if (freezes) await expect(reading).rejects.toMatchObject({ code: 'source_unreachable' });
    else expect(await reading).toBeGreaterThan(10_000_000);
  } finally {
    for (const socket of sockets) socket.destroy();
    proxy.close();
  }
});
