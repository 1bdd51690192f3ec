/**
 * A process that puts into a storage, to be killed or measured by a test. Its task comes as JSON on stdin.
 * `endless`: puts a body without end, prints one line when `announceBytes` of it were taken.
 * `measure`: puts `sizeBytes` and reads them back; prints how much memory that added and both hashes.
 */
import { createHash, type Hash } from 'node:crypto';
import { text } from 'node:stream/consumers';
import { Readable } from 'node:stream';
import { Secret } from '#lib/core/secret.ts';
import { createLocalStorage } from '#lib/storage/local/local-storage.ts';
import { createS3Storage } from '#lib/storage/s3/s3-storage.ts';
import { defaultS3Limits } from '#lib/storage/s3/s3-client.ts';
import type { StorageSpec } from './storage-spec.ts';
import { quietContext } from './storage-spec.ts';

interface Task {
  readonly mode: 'endless' | 'measure';
  readonly spec: StorageSpec;
  readonly key: string;
  readonly announceBytes: number;
  readonly sizeBytes: number;
}
const task = JSON.parse(await text(process.stdin)) as Task;
const { spec } = task;
const storage =
  spec.kind === 'local'
    ? createLocalStorage(spec.root)
    : createS3Storage(
        { ...spec.s3, secretKey: new Secret(spec.secret) },
        { sweepPrefix: 'backups/', limits: { ...defaultS3Limits, partMinBytes: spec.partBytes } },
      );

/** Changing bytes in fresh buffers, as a child process's output comes. */
function bytes(sizeBytes: number, onBytes: (total: number) => void, hash?: Hash): Readable {
  let made = 0;
  return new Readable({
    read() {
      if (made >= sizeBytes) {
        this.push(null);
        return;
      }
      const chunk = Buffer.alloc(Math.min(65_536, sizeBytes - made), made & 0xff);
      made += chunk.length;
      hash?.update(chunk);
      onBytes(made);
      this.push(chunk);
    },
  });
}

if (task.mode === 'endless') {
  let isAnnounced = false;
  await storage.put(
    quietContext(),
    task.key,
    bytes(Number.MAX_SAFE_INTEGER, (total) => {
      if (isAnnounced || total < task.announceBytes) return;
      isAnnounced = true;
      process.stdout.write('started\n');
    }),
  );
} else {
  const ignore = () => undefined;
  const ctx = quietContext();
  // The first use loads code and opens connections; that is not what a larger body costs.
  await storage.put(ctx, `${task.key}.warm`, bytes(1, ignore));
  const idleBytes = process.memoryUsage().rss;
  let peakBytes = idleBytes;
  const watch = setInterval(() => {
    peakBytes = Math.max(peakBytes, process.memoryUsage().rss);
  }, 10);
  const [written, read] = [createHash('sha256'), createHash('sha256')];
  await storage.put(ctx, task.key, bytes(task.sizeBytes, ignore, written));
  for await (const chunk of await storage.get(ctx, task.key)) read.update(chunk as Buffer);
  clearInterval(watch);
  await storage.close();
  process.stdout.write(
    JSON.stringify({
      addedBytes: peakBytes - idleBytes,
      written: written.digest('hex'),
      read: read.digest('hex'),
    }),
  );
}
