import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Manifest, manifestNameOf } from '#lib/contracts/manifest.ts';
import {
  DEFAULT_VERIFICATION_POLICY,
  VerifyEvent,
  type Depth,
  type VerifyOrder,
  type VerifyOutcome,
} from '#lib/contracts/verification.ts';
import { WORKER_COMMAND } from '#lib/platform/worker-command.ts';
import type { TestPostgres } from '#tests/support/postgres.ts';
import { holdfast, runShell, sourceEnvironment } from './backup.ts';
import { ADDED_LIMIT_MB, residentBytes, SAMPLE_MS } from './memory.ts';
import { atMost, figure, median, type BenchRow } from './table.ts';

const program = fileURLToPath(new URL('../worker/verifier.ts', import.meta.url));
/** A process whose memory has not moved for so long has loaded its modules, and waits for its order. */
const STILL_MS = 1000;

interface Verification {
  /** From the order to the outcome, without Node's start. */
  readonly durationMs: number;
  /** Into a file that pg_restore can seek in, read or not. */
  readonly decodeMs: number | null;
  readonly restoreMs: number | null;
  readonly idleBytes: number;
  readonly addedBytes: number;
}

/** Resident bytes once the process has come to rest. */
async function idleBytesOf(pid: number): Promise<number> {
  let bytes = residentBytes(pid);
  for (let stillMs = 0; stillMs < STILL_MS; stillMs += SAMPLE_MS) {
    await sleep(SAMPLE_MS);
    const now = residentBytes(pid);
    if (now !== bytes) stillMs = 0;
    bytes = now;
  }
  return bytes;
}

/** One verification in the process that a worker starts for it, which here steps back for nobody. */
async function verify(folder: string, key: string, depth: Depth): Promise<Verification> {
  const child = spawn(process.execPath, [...WORKER_COMMAND.nodeArgs, program], {
    env: {
      NODE_ENV: 'production',
      PATH: process.env['PATH'],
      ...WORKER_COMMAND.env,
      HOLDFAST_DATA_DIR: join(folder, 'data'),
      NODE_COMPILE_CACHE: join(folder, 'data', 'compile-cache'),
      BACKUP_LOCAL_PATH: folder,
    },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
  const exited = new Promise((resolve) => child.once('exit', resolve));
  const idleBytes = await idleBytesOf(child.pid ?? -1);
  let peakBytes = idleBytes;
  const sampling = setInterval(() => {
    peakBytes = Math.max(peakBytes, residentBytes(child.pid ?? -1));
  }, SAMPLE_MS);
  const startedAt = performance.now();
  const order: VerifyOrder = {
    id: randomUUID(),
    destination: 'local',
    key,
    depth,
    policy: DEFAULT_VERIFICATION_POLICY,
    recorded: null,
  };
  child.stdin.end(JSON.stringify(order));
  await exited;
  clearInterval(sampling);
  const durationMs = performance.now() - startedAt;
  const events = text
    .trim()
    .split('\n')
    .map((line) => VerifyEvent.parse(JSON.parse(line)));
  const last = events.at(-1);
  const outcome: VerifyOutcome | null = last?.type === 'outcome' ? last.outcome : null;
  if (outcome?.status !== 'PASSED') throw new Error(`the verification did not pass: ${text}`);
  const decode = events.find((event) => event.type === 'check' && event.check.name === 'decode');
  return {
    durationMs,
    decodeMs: decode?.type === 'check' ? decode.check.durationMs : null,
    restoreMs: outcome.restoreMs,
    idleBytes,
    addedBytes: peakBytes - idleBytes,
  };
}

/**
 * Verifications of one archive at each depth beside the bare programs that read it to its end, taken in turns; and what the
 * verifying process's memory grew by.
 */
export async function benchVerify(
  server: TestPostgres,
  database: string,
  {
    label,
    depths,
    rounds,
  }: { readonly label: string; readonly depths: readonly Depth[]; readonly rounds: number },
): Promise<BenchRow[]> {
  const folder = mkdtempSync(join(tmpdir(), 'hf-bench-'));
  try {
    await holdfast({ ...sourceEnvironment(server, database), BACKUP_LOCAL_PATH: folder });
    const key = readdirSync(folder).find((name) => name.endsWith('.dump.zst')) ?? '';
    const { plain } = Manifest.parse(JSON.parse(readFileSync(join(folder, manifestNameOf(key)), 'utf8')));
    const bare = `zstd -dcq ${folder}/${key} | pg_restore -f /dev/null`;
    const isCompared = depths.includes('archive');
    const bareMs: number[] = [];
    const seen = new Map<Depth, Verification[]>(depths.map((depth) => [depth, []]));
    for (let round = 0; round < rounds; round += 1) {
      if (isCompared) bareMs.push(runShell(bare, {}));
      for (const [depth, list] of seen) list.push(await verify(folder, key, depth));
    }
    const gb = plain.bytes / 1e9;
    const seconds = (ms: readonly number[]): string =>
      `${(median(ms) / 1000).toFixed(2)} s, ${(median(ms) / 1000 / gb).toFixed(1)} s a GB`;
    const rows: BenchRow[] = [];
    if (isCompared)
      rows.push(figure(`bare \`zstd -d \\| pg_restore -f /dev/null\`, ${label}`, seconds(bareMs)));
    for (const [depth, list] of seen) {
      const restoreMs = list.flatMap((one) => one.restoreMs ?? []);
      const decodeMs = list.flatMap((one) => one.decodeMs ?? []);
      const ofRestore =
        restoreMs.length === 0
          ? ''
          : ` (of it decoding to a disk ${(median(decodeMs) / 1000).toFixed(2)} s, pg_restore ${(median(restoreMs) / 1000).toFixed(2)} s)`;
      rows.push(
        figure(
          `verification at depth ${depth}, ${label}, a GB of what pg_dump wrote`,
          seconds(list.map(({ durationMs }) => durationMs)) + ofRestore,
        ),
      );
      if (depth === 'archive') {
        const ratios = list.map(({ durationMs }, index) => durationMs / (bareMs[index] ?? NaN));
        rows.push(atMost(`verification at depth archive ÷ bare, ${label}`, median(ratios), 1.1, ''));
      }
      const idle = Math.min(...list.map(({ idleBytes }) => idleBytes));
      rows.push(
        atMost(
          `verifying process's memory above idle (${(idle / 1e6).toFixed(0)} MB), depth ${depth}, ${label}, highest of ${String(rounds)}`,
          Math.max(...list.map(({ addedBytes }) => addedBytes)) / 1e6,
          ADDED_LIMIT_MB,
          ' MB',
        ),
      );
    }
    return rows;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
