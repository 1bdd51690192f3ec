import { spawnSync } from 'node:child_process';
import { createReadStream, mkdtempSync, openSync, closeSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { defaultS3Limits } from '#lib/storage/s3/s3-client.ts';
import { createS3Storage } from '#lib/storage/s3/s3-storage.ts';
import type { TestPostgres } from '#tests/support/postgres.ts';
import { startS3 } from '#tests/support/s3.ts';
import { quietContext } from '#tests/support/storage-spec.ts';
import { runShell, sourceEnvironment } from './backup.ts';
import { figure, median, type BenchRow } from './table.ts';

/** The version line of the aws client, or null where there is none. */
export function awsVersion(): string | null {
  const answer = spawnSync('aws', ['--version'], { encoding: 'utf8' });
  return answer.status === 0 ? (answer.stdout.trim() || answer.stderr.trim()).split(' ')[0]! : null;
}

/** Our upload (conditional, looked at afterwards) beside `aws s3 cp` of the same archive to the same server, in turns. */
export async function benchUpload(
  server: TestPostgres,
  database: string,
  rounds: number,
): Promise<BenchRow[]> {
  const aws = awsVersion();
  if (aws === null) {
    return [figure('S3 upload against the aws client', 'not measured: there is no `aws` on this machine')];
  }
  const folder = mkdtempSync(join(tmpdir(), 'hf-bench-'));
  try {
    const archive = join(folder, 'archive.zst');
    runShell(`pg_dump -Fc -Z0 | zstd -q -3 -T2 > ${archive}`, sourceEnvironment(server, database));
    const sizeBytes = statSync(archive).size;
    await using bucketServer = await startS3();
    const bucket = await bucketServer.createBucket('upload');
    const awsEnvironment = {
      AWS_ACCESS_KEY_ID: bucketServer.accessKey,
      AWS_SECRET_ACCESS_KEY: bucketServer.secretKey.reveal(),
      AWS_DEFAULT_REGION: 'us-east-1',
      AWS_EC2_METADATA_DISABLED: 'true',
      AWS_CONFIG_FILE: join(folder, 'none'),
      AWS_SHARED_CREDENTIALS_FILE: join(folder, 'none'),
    };
    const storage = createS3Storage(bucketServer.config(bucket), {
      sweepPrefix: 'backups/',
      limits: defaultS3Limits,
    });
    const ours: number[] = [];
    const theirs: number[] = [];
    // The client's own start is not its upload; it is measured with one byte and told apart.
    const starts: number[] = [];
    const byte = join(folder, 'byte');
    closeSync(openSync(byte, 'w'));
    await storage.put(quietContext(), 'first-use-loads-code', createReadStream(byte));
    for (let round = 0; round < rounds; round += 1) {
      const from = performance.now();
      await storage.put(quietContext(), `ours-${String(round)}`, createReadStream(archive), {
        estimateBytes: sizeBytes,
      });
      ours.push(performance.now() - from);
      const copy = (file: string, key: string) =>
        runShell(
          `aws --endpoint-url ${bucketServer.endpoint} s3 cp --only-show-errors ${file} s3://${bucket}/${key}`,
          awsEnvironment,
        );
      theirs.push(copy(archive, `theirs-${String(round)}`));
      starts.push(copy(byte, `byte-${String(round)}`));
    }
    await storage.close();
    const rate = (ms: number): string => `${(sizeBytes / 1e6 / (ms / 1000)).toFixed(0)} MB/s`;
    const seconds = (ms: number): string => `${(ms / 1000).toFixed(2)} s`;
    const net = median(theirs.map((ms, index) => ms - (starts[index] ?? 0)));
    return [
      figure(
        `S3 upload of ${(sizeBytes / 1e6).toFixed(0)} MB, ours`,
        `${seconds(median(ours))}, ${rate(median(ours))}`,
      ),
      figure(`the same with ${aws}`, `${seconds(median(theirs))}, ${rate(median(theirs))}`),
      figure(
        `the same without that client's start (an empty file takes ${seconds(median(starts))})`,
        seconds(net),
      ),
      figure(
        'our upload ÷ the aws client',
        median(ours.map((ms, index) => ms / (theirs[index] ?? NaN))).toFixed(2),
      ),
      figure('our upload ÷ the aws client without its start', (median(ours) / net).toFixed(2)),
    ];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
