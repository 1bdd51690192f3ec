import { readFileSync, readdirSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  backupWhere,
  isOver,
  queueBackup,
  queueVerification,
  switchProofsOff,
  verificationWhere,
} from '#tests/support/backups.ts';
import { createCatalogue } from '#tests/support/catalogue.ts';
import { createEngine } from '#tests/support/engine.ts';
import type { TestPostgres } from '#tests/support/postgres.ts';
import { startS3 } from '#tests/support/s3.ts';
import { startWorkerProcess } from '#tests/support/worker.ts';
import { sourceEnvironment } from './backup.ts';
import { atMost, figure, type BenchRow } from './table.ts';

export const ADDED_LIMIT_MB = 64;
export const SAMPLE_MS = 50;
/** A worker that has just become ready still runs its first recovery and schedule look. */
export const IDLE_AFTER_MS = 4000;
export const RUN_LIMIT_MS = 1_800_000;

/** Resident bytes of a process now; 0 when it is gone. */
export function residentBytes(pid: number): number {
  try {
    const status = readFileSync(`/proc/${String(pid)}/status`, 'utf8');
    return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) * 1024;
  } catch {
    return 0;
  }
}

/** Every process that descends from this one now. */
function descendants(pid: number): number[] {
  const children = new Map<number, number[]>();
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const [, parent] = readFileSync(`/proc/${name}/stat`, 'utf8')
        .replace(/^.*\) /s, '')
        .split(' ');
      children.set(Number(parent), [...(children.get(Number(parent)) ?? []), Number(name)]);
    } catch {
      // It ended between the listing and the reading.
    }
  }
  const under = (one: number): number[] =>
    (children.get(one) ?? []).flatMap((child) => [child, ...under(child)]);
  return under(pid);
}

/**
 * A real worker process, sampled while it takes backups of this database that were queued as the web queues them: what
 * its resident memory grew by above what it was when idle, at most, and what its children took together. Then the last one
 * is verified.
 */
export async function benchMemory(
  server: TestPostgres,
  database: string,
  options: { readonly label: string; readonly destination: 'local' | 's3'; readonly rounds: number },
): Promise<BenchRow[]> {
  const { destination } = options;
  const catalogueName = `catalogue_${database}_${destination}`;
  const catalogue = await createCatalogue(server, catalogueName);
  await using stack = new AsyncDisposableStack();
  stack.defer(() => catalogue.close());
  let s3: Record<string, string> = {};
  if (destination === 's3') {
    const bucketServer = stack.use(await startS3());
    s3 = {
      BACKUP_S3_BUCKET: await bucketServer.createBucket('memory'),
      BACKUP_S3_ENDPOINT: bucketServer.endpoint,
      BACKUP_S3_ACCESS_KEY: bucketServer.accessKey,
      BACKUP_S3_SECRET_KEY: bucketServer.secretKey.reveal(),
    };
  }
  const engine = stack.use(
    await createEngine(catalogue, {
      ...sourceEnvironment(server, database),
      ...s3,
      BACKUP_STORAGE: destination,
    }),
  );
  // A proof that follows each backup by itself would be measured with the next one.
  await switchProofsOff(catalogue.raw);
  const worker = stack.use(startWorkerProcess(engine.environment));
  await worker.until('worker is ready');
  await sleep(IDLE_AFTER_MS);
  const idleBytes = residentBytes(worker.pid);
  let ownBytes = idleBytes;
  let childBytes = 0;
  let storedBytes = 0;
  let verifyingBytes = 0;
  let backupId = '';
  let isVerifying = false;
  const sampling = setInterval(() => {
    if (isVerifying) {
      verifyingBytes = Math.max(verifyingBytes, residentBytes(worker.pid));
      return;
    }
    ownBytes = Math.max(ownBytes, residentBytes(worker.pid));
    const together = descendants(worker.pid).reduce((sum, child) => sum + residentBytes(child), 0);
    childBytes = Math.max(childBytes, together);
  }, SAMPLE_MS);
  try {
    for (let round = 0; round < options.rounds; round += 1) {
      backupId = await queueBackup(engine, { destinations: [destination] });
      const backup = await backupWhere(catalogue.raw, backupId, isOver, worker.log, RUN_LIMIT_MS);
      if (backup.status !== 'COMPLETED') throw new Error(`the backup failed: ${worker.log()}`);
      storedBytes = backup.sizeBytes ?? 0;
    }
    isVerifying = true;
    const id = await queueVerification(engine, backupId, 'archive', { destination });
    const isSettled = ({ status }: { readonly status: string }): boolean => status !== 'IN_PROGRESS';
    const { status } = await verificationWhere(catalogue.raw, id, isSettled, worker.log, RUN_LIMIT_MS);
    if (status !== 'PASSED') throw new Error(`the verification did not pass: ${worker.log()}`);
  } finally {
    clearInterval(sampling);
  }
  const mb = (bytes: number): string => `${(bytes / 1e6).toFixed(0)} MB`;
  const what = `${options.label} to ${destination === 's3' ? 'S3' : 'local disk'}`;
  return [
    atMost(
      `worker memory above idle (${mb(idleBytes)}), ${what}, highest of ${String(options.rounds)}`,
      (ownBytes - idleBytes) / 1e6,
      ADDED_LIMIT_MB,
      ' MB',
    ),
    figure(
      `its programs together (pg_dump, the one that counts, zstd), ${what}`,
      `${mb(childBytes)}, archive ${mb(storedBytes)}`,
    ),
    atMost(
      `worker memory above idle while it has that verified at depth archive, ${what}`,
      (verifyingBytes - idleBytes) / 1e6,
      ADDED_LIMIT_MB,
      ' MB',
    ),
  ];
}
