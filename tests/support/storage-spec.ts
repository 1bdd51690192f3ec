import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import type { S3Config } from '#lib/platform/config.ts';
import { WORKER_COMMAND } from '#lib/platform/worker-command.ts';
import type { StorageContext } from '#lib/storage/storage.ts';
import { silentLog } from './loggers.ts';

/** A place another process can open too. The secret travels by stdin, not in an argument. */
export type StorageSpec =
  | { readonly kind: 'local'; readonly root: string }
  | {
      readonly kind: 's3';
      readonly s3: Omit<S3Config, 'secretKey'>;
      readonly secret: string;
      readonly partBytes: number;
    };

/** A run's context for a storage, with a run id of its own and no log. */
export function quietContext(signal: AbortSignal = new AbortController().signal): StorageContext {
  return { runId: randomUUID(), signal, log: silentLog };
}

const start = (task: object) => {
  const script = fileURLToPath(new URL('storage-child.ts', import.meta.url));
  // As a worker is started: its memory is what is measured.
  const child = spawn(process.execPath, [...WORKER_COMMAND.nodeArgs, script], {
    env: { ...process.env, ...WORKER_COMMAND.env },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  child.stdin.end(JSON.stringify(task));
  return child;
};

/** Starts a put in another process and kills it with SIGKILL when `announceBytes` of its body were taken. */
export async function killDuringPut(spec: StorageSpec, key: string, announceBytes: number): Promise<void> {
  const child = start({ mode: 'endless', spec, key, announceBytes });
  const errors = text(child.stderr);
  const gone = new Promise((resolve) => child.once('exit', resolve));
  const isStarted = await new Promise((resolve) => {
    child.stdout.once('data', () => {
      resolve(true);
    });
    child.stdout.once('end', () => {
      resolve(false);
    });
  });
  child.kill('SIGKILL');
  await gone;
  if (isStarted !== true) throw new Error(`the other process did not start its put: ${await errors}`);
}

/** Puts and gets `sizeBytes` in another process; tells what that added to its memory. */
export async function measurePut(
  spec: StorageSpec,
  key: string,
  sizeBytes: number,
): Promise<{ addedBytes: number; written: string; read: string }> {
  const child = start({ mode: 'measure', spec, key, sizeBytes });
  const [answer, errors] = await Promise.all([text(child.stdout), text(child.stderr)]);
  if (answer === '') throw new Error(`the other process failed: ${errors}`);
  return JSON.parse(answer) as { addedBytes: number; written: string; read: string };
}
