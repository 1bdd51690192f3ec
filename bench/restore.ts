import { setTimeout as sleep } from 'node:timers/promises';
import postgres from 'postgres';
import type { TestPostgres } from '#tests/support/postgres.ts';
import { runShell } from './backup.ts';
import { ADDED_LIMIT_MB, IDLE_AFTER_MS, SAMPLE_MS, residentBytes } from './memory.ts';
import { JOBS, startRestorer } from './restorer.ts';
import { atMost, figure, median, type BenchRow } from './table.ts';

/** How often the client of the swap comes back. */
const CLIENT_EVERY_MS = 5;

/** The longest time for which a client that connects anew for each query got no answer, while `act` ran. */
async function longestSilence(
  server: TestPostgres,
  database: string,
  act: Promise<unknown>,
): Promise<number> {
  const over = { isOver: false };
  const ended = act.finally(() => (over.isOver = true));
  let answeredAt = performance.now();
  let longestMs = 0;
  while (!over.isOver) {
    const client = postgres({
      host: '127.0.0.1',
      port: server.port,
      user: 'postgres',
      password: 'postgres',
      database,
      max: 1,
      fetch_types: false,
    });
    try {
      await client`select 1`;
      const now = performance.now();
      longestMs = Math.max(longestMs, now - answeredAt);
      answeredAt = now;
    } catch {
      // Refused for a moment: it comes again.
    } finally {
      await client.end({ timeout: 1 });
    }
    await sleep(CLIENT_EVERY_MS);
  }
  await ended;
  return longestMs;
}

/**
 * Restores of one backup by a worker process beside pg_restore and the seed's way into fresh databases of the same server, taken
 * in turns; what a client notices of a swap, and what the worker's memory grew by.
 */
export async function benchRestore(
  server: TestPostgres,
  database: string,
  { label, rounds }: { readonly label: string; readonly rounds: number },
): Promise<BenchRow[]> {
  await using stack = new AsyncDisposableStack();
  const restorer = stack.use(await startRestorer(server, database));
  const { folder, environment, worker, archive } = restorer;
  runShell(`pg_dump | gzip > ${folder}/seed.gz`, environment);
  await sleep(IDLE_AFTER_MS);
  const idleBytes = residentBytes(worker.pid);
  let peakBytes = idleBytes;
  const sampling = setInterval(() => {
    peakBytes = Math.max(peakBytes, residentBytes(worker.pid));
  }, SAMPLE_MS);
  stack.defer(() => {
    clearInterval(sampling);
  });

  /** In a database that is gone afterwards; what earlier turns left to be written is written before. */
  const inFresh = async <T>(name: string, act: () => T | Promise<T>, isMade = true): Promise<T> => {
    await server.sql('postgres', 'checkpoint');
    if (isMade) await server.sql('postgres', `create database ${name}`);
    try {
      return await act();
    } finally {
      await server.sql('postgres', `drop database ${name} with (force)`);
    }
  };
  const times = {
    decode: [] as number[],
    bare: [] as number[],
    seed: [] as number[],
    ours: [] as number[],
    phase: [] as number[],
  };
  const silences: number[] = [];
  const interruptions: number[] = [];
  await server.sql('postgres', `create database bench_live template "${database}"`);
  for (let round = 0; round < rounds; round += 1) {
    times.decode.push(runShell(`zstd -dqf ${archive} -o ${folder}/plain.dump`, {}));
    const into = { ...environment, PGDATABASE: 'bench_fresh' };
    const bare = async (): Promise<void> => {
      times.bare.push(
        await inFresh('bench_fresh', () =>
          runShell(`pg_restore -j${String(JOBS)} -d bench_fresh ${folder}/plain.dump`, into),
        ),
      );
    };
    const ours = async (): Promise<void> => {
      const ended = await inFresh(
        'bench_ours',
        () => restorer.restore({ mode: 'new', targetDatabase: 'bench_ours' }),
        false,
      );
      times.ours.push(ended.durationMs);
      times.phase.push(ended.restoreMs);
    };
    // Whoever always comes second would always find the server as the first left it.
    for (const turn of round % 2 === 0 ? [bare, ours] : [ours, bare]) await turn();
    times.seed.push(
      await inFresh('bench_fresh', () =>
        runShell(`gunzip -c ${folder}/seed.gz | psql -q -v ON_ERROR_STOP=1`, into),
      ),
    );
    const swap = restorer.restore({ mode: 'swap', targetDatabase: 'bench_live' });
    silences.push(await longestSilence(server, 'bench_live', swap));
    interruptions.push((await swap).interruptionMs ?? NaN);
    const kept = await server.sql<{ name: string }>(
      'postgres',
      `select datname as name from pg_database where datname like 'bench_live_before_%'`,
    );
    for (const { name } of kept) await server.sql('postgres', `drop database "${name}" with (force)`);
  }
  await server.sql('postgres', 'drop database bench_live with (force)');

  const seconds = (values: readonly number[]) => `${(median(values) / 1000).toFixed(2)} s`;
  const ratio = (of: readonly number[], over: readonly number[]) =>
    median(of.map((value, index) => value / (over[index] ?? NaN)));
  const milliseconds = (values: readonly number[]) => `${median(values).toFixed(0)} ms`;
  const what = `restore into a new database, ${label}`;
  return [
    figure(`${what}: decode, hash, pg_restore -j${String(JOBS)}, compare every fact`, seconds(times.ours)),
    figure('its pg_restore alone', seconds(times.phase)),
    figure(`bare \`pg_restore -j${String(JOBS)}\` of the decoded dump`, seconds(times.bare)),
    figure('bare `zstd -d` of that dump into a file', seconds(times.decode)),
    figure('the seed: `gunzip \\| psql`', seconds(times.seed)),
    atMost(`${what} ÷ bare pg_restore`, ratio(times.ours, times.bare), 1.1, ''),
    figure('its pg_restore alone ÷ bare pg_restore', ratio(times.phase, times.bare).toFixed(2)),
    atMost(`${what} ÷ the seed`, ratio(times.ours, times.seed), 0.6, ''),
    figure(`swap: connections refused for, ${label}`, milliseconds(interruptions)),
    figure(
      `swap: longest silence for a client that connects anew every ${String(CLIENT_EVERY_MS)} ms`,
      milliseconds(silences),
    ),
    atMost(
      `worker memory above idle (${(idleBytes / 1e6).toFixed(0)} MB) while it restores, ${label}, highest of ${String(2 * rounds)}`,
      (peakBytes - idleBytes) / 1e6,
      ADDED_LIMIT_MB,
      ' MB',
    ),
  ];
}
