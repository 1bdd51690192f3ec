import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { WORKER_COMMAND } from '#lib/platform/worker-command.ts';
import type { TestPostgres } from '#tests/support/postgres.ts';
import { atMost, figure, median, type BenchRow } from './table.ts';

const archiveScript = fileURLToPath(new URL('one-archive.ts', import.meta.url));

/** What libpq needs to reach this database. */
export const sourceEnvironment = (server: TestPostgres, database: string) => ({
  PGHOST: '127.0.0.1',
  PGPORT: String(server.port),
  PGUSER: 'postgres',
  PGPASSWORD: 'postgres',
  PGDATABASE: database,
});

/** Milliseconds a command took. */
export function runShell(command: string, env: Readonly<Record<string, string>>): number {
  const from = performance.now();
  const result = spawnSync('bash', ['-o', 'pipefail', '-c', command], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  if (result.status !== 0) throw new Error(`failed: ${command}`);
  return performance.now() - from;
}

interface OneArchive {
  readonly durationMs: number;
  readonly storedBytes: number;
  readonly phasesMs: Readonly<Record<string, number>>;
}

/** One whole backup by the engine in a process of its own, started as a worker is; the milliseconds it says, without Node's start. */
export async function holdfast(
  env: Record<string, string>,
  args: readonly string[] = [],
): Promise<OneArchive> {
  const child = spawn(process.execPath, [...WORKER_COMMAND.nodeArgs, archiveScript, ...args], {
    env: { ...process.env, ...WORKER_COMMAND.env, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
  const code = await new Promise((resolve) => child.once('exit', resolve));
  if (code !== 0) throw new Error('the engine failed');
  return JSON.parse(text) as OneArchive;
}

/**
 * The whole backup (dump, compress, hash, store durably, read back, manifest) beside the seed's way and a bare pipe,
 * taken in turns so that a noisy machine is noisy for all of them.
 */
export async function benchBackup(
  server: TestPostgres,
  database: string,
  rounds: number,
): Promise<BenchRow[]> {
  const folder = mkdtempSync(join(tmpdir(), 'hf-bench-'));
  const env = sourceEnvironment(server, database);
  const identity = spawnSync('age-keygen', ['-y', '-'], {
    input: spawnSync('age-keygen', [], { encoding: 'utf8' }).stdout,
    encoding: 'utf8',
  }).stdout.trim();
  const times = {
    seed: [] as number[],
    bare: [] as number[],
    bareOneThread: [] as number[],
    ours: [] as number[],
    counted: [] as number[],
    encrypted: [] as number[],
    nowhere: [] as number[],
  };
  const phases: Record<string, number[]> = {};
  let storedBytes = 0;
  let seedBytes = 0;
  try {
    for (let round = 0; round < rounds; round += 1) {
      const local = join(folder, `round-${String(round)}`);
      times.bare.push(runShell(`pg_dump -Fc -Z0 | zstd -q -3 -T2 > ${folder}/bare.zst`, env));
      const ours = await holdfast({ ...env, BACKUP_LOCAL_PATH: local });
      times.ours.push(ours.durationMs);
      for (const [phase, ms] of Object.entries(ours.phasesMs)) (phases[phase] ??= []).push(ms);
      storedBytes = ours.storedBytes;
      times.counted.push((await holdfast({ ...env, BACKUP_LOCAL_PATH: local }, ['counts'])).durationMs);
      times.bareOneThread.push(runShell(`pg_dump -Fc -Z0 | zstd -q -3 > ${folder}/bare.zst`, env));
      times.encrypted.push(
        (await holdfast({ ...env, BACKUP_LOCAL_PATH: local, BACKUP_AGE_RECIPIENTS: identity })).durationMs,
      );
      times.nowhere.push(runShell('pg_dump -Fc -Z0 > /dev/null', env));
      times.seed.push(runShell(`pg_dump | gzip > ${folder}/seed.gz && sha256sum ${folder}/seed.gz`, env));
      seedBytes = statSync(join(folder, 'seed.gz')).size;
      rmSync(local, { recursive: true, force: true });
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  const ratio = (over: readonly number[], of: readonly number[] = times.ours) =>
    median(of.map((value, index) => value / (over[index] ?? NaN)));
  const seconds = (values: readonly number[]) => `${(median(values) / 1000).toFixed(2)} s`;
  return [
    figure(
      'whole backup (dump, facts with fingerprints, zstd, hashes, fsync, read-back, manifest)',
      `${seconds(times.ours)}, ${(storedBytes / 1e6).toFixed(0)} MB`,
    ),
    figure(
      'its phases',
      Object.entries(phases)
        .map(([phase, values]) => `${phase} ${seconds(values)}`)
        .join(', '),
    ),
    figure('the same without fingerprints, rows counted all the same', seconds(times.counted)),
    figure('the same with fingerprints, encrypted with age', seconds(times.encrypted)),
    figure(
      'the seed: `pg_dump \\| gzip` + `sha256sum`',
      `${seconds(times.seed)}, ${(seedBytes / 1e6).toFixed(0)} MB`,
    ),
    figure('bare `pg_dump -Fc -Z0 \\| zstd -3 -T2`', seconds(times.bare)),
    figure('bare `pg_dump -Fc -Z0 \\| zstd -3`', seconds(times.bareOneThread)),
    figure('`pg_dump -Fc -Z0` alone, to nowhere', seconds(times.nowhere)),
    atMost('whole backup ÷ the seed', ratio(times.seed), 0.25, ''),
    atMost('whole backup without fingerprints ÷ the seed', ratio(times.seed, times.counted), 0.25, ''),
    atMost('whole backup ÷ bare `zstd -3`', ratio(times.bareOneThread), 1.3, ''),
    atMost(
      'whole backup without fingerprints ÷ bare `zstd -3`',
      ratio(times.bareOneThread, times.counted),
      1.3,
      '',
    ),
    atMost('whole backup ÷ bare `zstd -3 -T2`', ratio(times.bare), 1.3, ''),
  ];
}
