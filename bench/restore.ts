import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import postgres from 'postgres';
import { insertRestore } from '#db/queries/restore.ts';
import type { RestorePlan } from '#lib/contracts/restore.ts';
import { restoreJob } from '#lib/jobs/queue.ts';
import { backupWhere, isOver, queueBackup, switchProofsOff } from '#tests/support/backups.ts';
import { createCatalogue } from '#tests/support/catalogue.ts';
import { createEngine, type TestEngine } from '#tests/support/engine.ts';
import type { TestPostgres } from '#tests/support/postgres.ts';
import { eventually, startWorkerProcess } from '#tests/support/worker.ts';
import { runShell, sourceEnvironment } from './backup.ts';
import { ADDED_LIMIT_MB, IDLE_AFTER_MS, RUN_LIMIT_MS, SAMPLE_MS, residentBytes } from './memory.ts';
import { atMost, figure, median, type BenchRow } from './table.ts';

/** As a person who has two cores runs pg_restore by hand. */
const JOBS = 2;
/** How often the client of the swap comes back. */
const CLIENT_EVERY_MS = 5;

interface Ended {
  readonly durationMs: number;
  readonly restoreMs: number;
  readonly interruptionMs: number | null;
}

/** Asks for a restore as the web does, and waits for its end. */
async function restore(
  engine: TestEngine,
  raw: postgres.Sql,
  backupId: string,
  plan: Pick<RestorePlan, 'mode' | 'targetDatabase'>,
  explain: () => string,
): Promise<Ended> {
  const { mode, targetDatabase } = plan;
  const id = await engine.db.transaction(async (tx) => {
    const restoreId = await insertRestore(tx, {
      backupId,
      sourceId: engine.sourceId,
      destination: 'local',
      mode,
      targetDatabase,
      environment: engine.config.environment,
      plan: {
        ...plan,
        destination: 'local',
        schemaOnly: false,
        dataOnly: false,
        noOwner: false,
        pauseBeforeSwap: false,
        hooks: [],
      },
      reason: 'bench',
      requestedBy: 'bench',
    });
    if (restoreId === null) throw new Error(`another restore has ${targetDatabase}`);
    await engine.queue.enqueue(tx, restoreJob, { restoreId });
    return restoreId;
  });
  const ended = await eventually(
    async () => {
      const [row] = await raw<(Ended & { status: string; proven: boolean | null })[]>`
        select status, proven, duration_ms as "durationMs", restore_ms as "restoreMs", interruption_ms as "interruptionMs"
        from restores where id = ${id} and status <> 'IN_PROGRESS'`;
      return row;
    },
    explain,
    RUN_LIMIT_MS,
  );
  if (ended.status !== 'COMPLETED' || ended.proven !== true)
    throw new Error(`the restore did not pass: ${explain()}`);
  return ended;
}

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
  const folder = mkdtempSync(join(tmpdir(), 'hf-bench-'));
  stack.defer(() => {
    rmSync(folder, { recursive: true, force: true });
  });
  const catalogue = await createCatalogue(server, `catalogue_${database}_restore`);
  stack.defer(() => catalogue.close());
  const environment = sourceEnvironment(server, database);
  const engine = stack.use(
    await createEngine(catalogue, { ...environment, BACKUP_VERIFY_JOBS: String(JOBS) }),
  );
  await switchProofsOff(catalogue.raw);
  const worker = stack.use(startWorkerProcess(engine.environment));
  await worker.until('worker is ready');
  const backupId = await queueBackup(engine);
  const backup = await backupWhere(catalogue.raw, backupId, isOver, worker.log, RUN_LIMIT_MS);
  if (backup.status !== 'COMPLETED') throw new Error(`the backup failed: ${worker.log()}`);
  const archive = join(engine.config.localPath, backup.filename);
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
    times.bare.push(
      await inFresh('bench_fresh', () =>
        runShell(`pg_restore -j${String(JOBS)} -d bench_fresh ${folder}/plain.dump`, into),
      ),
    );
    const ended = await inFresh(
      'bench_ours',
      () =>
        restore(engine, catalogue.raw, backupId, { mode: 'new', targetDatabase: 'bench_ours' }, worker.log),
      false,
    );
    times.ours.push(ended.durationMs);
    times.phase.push(ended.restoreMs);
    times.seed.push(
      await inFresh('bench_fresh', () =>
        runShell(`gunzip -c ${folder}/seed.gz | psql -q -v ON_ERROR_STOP=1`, into),
      ),
    );
    const swap = restore(
      engine,
      catalogue.raw,
      backupId,
      { mode: 'swap', targetDatabase: 'bench_live' },
      worker.log,
    );
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
