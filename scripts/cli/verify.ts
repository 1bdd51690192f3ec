import { randomUUID } from 'node:crypto';
import { realpathSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import type { Backend } from '#db/backend.ts';
import { BackupHistoryQuery, BackupId, type BackupRow } from '#lib/contracts/backup.ts';
import { DEFAULT_VERIFICATION_POLICY, Depth, type Check, type Verdict } from '#lib/contracts/verification.ts';
import { systemClock } from '#lib/core/clock.ts';
import { AppError } from '#lib/core/errors.ts';
import { loadConfig } from '#lib/platform/config.ts';
import { createLogger } from '#lib/platform/logger.ts';
import { getBackup } from '#lib/services/backups.ts';
import { listHistory } from '#lib/services/history.ts';
import { getVerification, requestVerification } from '#lib/services/verifications.ts';
import { verifyArchive } from '#lib/verify/verify-archive.ts';
import { stopAtSignal } from '../stop-at-signal.ts';
import { check, commandActor, typedPath, withBackend, type Command, type Output } from './command.ts';
import { needWorker, waitFor } from './wait.ts';

const PAGE = 200;

interface Result {
  readonly archive: string;
  readonly backupId: string | null;
  readonly depth: Depth;
  readonly status: Verdict;
  readonly proven: boolean;
  readonly checks: readonly Check[];
  readonly error: { readonly code: string; readonly message: string } | null;
}

/** Needs neither worker nor catalogue. */
async function verifyFile(path: string, depth: Depth): Promise<Result> {
  let file: string;
  try {
    file = realpathSync(typedPath(path));
  } catch {
    throw new AppError('not_found', `there is no file ${path}`, { hint: 'Check the path.' });
  }
  const config = loadConfig();
  using stopping = stopAtSignal('the verification was cancelled');
  const checks: Check[] = [];
  const id = randomUUID();
  const { status, proven, error } = await verifyArchive(
    { ...config, localPath: dirname(file) },
    {
      id,
      destination: 'local',
      key: basename(file),
      depth,
      policy: DEFAULT_VERIFICATION_POLICY,
      recorded: null,
    },
    (event) => {
      if (event.type === 'check') checks.push(event.check);
    },
    { runId: id, signal: stopping.signal, clock: systemClock, log: createLogger('error') },
  );
  return { archive: file, backupId: null, depth, status, proven, checks, error };
}

async function listCompleted(backend: Backend): Promise<BackupRow[]> {
  const rows: BackupRow[] = [];
  for (let page = 1; ; page += 1) {
    const query = BackupHistoryQuery.parse({ page, limit: PAGE, status: 'COMPLETED' });
    const { data, meta } = await listHistory(backend, query);
    rows.push(...data);
    if (data.length === 0 || rows.length >= meta.total) return rows;
  }
}

/** A worker does it, and the backup's row keeps what it found. */
async function verifyBackup(backend: Backend, backup: BackupRow, depth: Depth): Promise<Result> {
  const { id } = await requestVerification(backend, commandActor('verify'), backup.id, { depth });
  const { status, proven, checks, error } = await waitFor(
    backend,
    () => getVerification(backend, id),
    (one) => one.status !== 'IN_PROGRESS',
  );
  const verdict = status === 'IN_PROGRESS' ? 'UNKNOWN' : status;
  return { archive: backup.filename, backupId: backup.id, depth, status: verdict, proven, checks, error };
}

const lineOf = ({ archive, status, proven, depth, error }: Result): string =>
  `${status}  ${archive} (${proven ? 'proven' : depth})${error === null ? '' : `: ${error.message} [${error.code}]`}`;

function outputOf(results: readonly Result[]): Output {
  const failed = results.filter(({ status }) => status === 'FAILED').length;
  const unknown = results.filter(({ status }) => status === 'UNKNOWN').length;
  const passed = results.length - failed - unknown;
  const told = `${String(passed)} passed, ${String(failed)} failed, ${String(unknown)} unknown`;
  const error =
    failed > 0
      ? new AppError('verification_failed', told, { hint: 'Do not count on what failed: take a new backup.' })
      : unknown > 0
        ? new AppError('partial', told, {
            hint: 'What is unknown may be good; mend what is named and try again.',
          })
        : undefined;
  return {
    line: [...results.map(lineOf), ...(results.length === 1 ? [] : [told])].join('\n'),
    json: { passed, failed, unknown, results },
    ...(error === undefined ? {} : { error }),
  };
}

export const verify: Command = {
  name: 'verify',
  summary: 'Verify all backups, or one',
  details:
    'Workers verify what the catalogue lists; --backup-path needs neither. Exit codes: 0 passed, 52 one failed, 3 one is unknown.',
  writesReport: true,
  options: {
    id: { type: 'string', value: 'ID', help: 'this backup only' },
    'backup-path': { type: 'string', value: 'FILE', help: 'this file only, without asking the catalogue' },
    depth: {
      type: 'string',
      value: 'DEPTH',
      help: 'bytes, archive or restore (default: restore for one, bytes for all)',
    },
  },
  run: async (values) => {
    const { id, 'backup-path': path } = values;
    const isOne = id !== undefined || path !== undefined;
    const depth = check(Depth, values['depth'] ?? (isOne ? 'restore' : 'bytes'));
    if (typeof path === 'string') return outputOf([await verifyFile(path, depth)]);
    return withBackend(async (backend) => {
      await needWorker(backend, 'Start one with "npm run worker", or verify a file with --backup-path.');
      const backups =
        typeof id === 'string'
          ? [await getBackup(backend, check(BackupId, id))]
          : await listCompleted(backend);
      const results: Result[] = [];
      for (const backup of backups) results.push(await verifyBackup(backend, backup, depth));
      return outputOf(results);
    });
  },
};
