import type { HealthCheck, Overview } from '#lib/contracts/overview.ts';
import { BackupHistoryQuery, TIERS } from '#lib/contracts/backup.ts';
import { humanBytes } from '#lib/core/bytes.ts';
import { toAppError } from '#lib/core/errors.ts';
import { loadConfig } from '#lib/platform/config.ts';
import { listHistory } from '#lib/services/history.ts';
import { readOverview } from '#lib/services/overview.ts';
import { withBackend, type Command, type Output } from './command.ts';
import { proofWords } from './list.ts';

/** As monitoring programs take them (3-prodstack.md). */
const EXITS = { OK: 0, WARNING: 1, CRITICAL: 2, UNKNOWN: 3 } as const;
type State = keyof typeof EXITS;
const GRAVITY: readonly State[] = ['OK', 'UNKNOWN', 'WARNING', 'CRITICAL'];

const worst = (checks: readonly HealthCheck[]): State =>
  checks.reduce<State>(
    (state, check) => (GRAVITY.indexOf(check.state) > GRAVITY.indexOf(state) ? check.state : state),
    'OK',
  );

function ageWords(seconds: number | null): string {
  if (seconds === null) return 'No backups found';
  const hours = Math.floor(seconds / 3600);
  return hours === 0
    ? `Latest backup is ${String(Math.floor(seconds / 60))} minutes old`
    : `Latest backup is ${String(hours)} hours old`;
}

/** Whose check it is, where there are several sources. */
const titled = ({ source }: HealthCheck, text: string): string =>
  source === null ? text : `${source.name}: ${text}`;

/** One line for a monitor: the state, the age of the latest backup, and the gravest thing that is wrong. */
function monitorLine(overview: Overview): { readonly state: State; readonly line: string } {
  const state = worst(overview.checks);
  const of = overview.sources.length === 1 ? '' : `${overview.source.name}: `;
  const cause = overview.checks.find((check) => check.state === state && state !== 'OK');
  return {
    state,
    line: `${state}: ${of}${ageWords(overview.newestGoodAgeSeconds)}${cause === undefined ? '' : `; ${titled(cause, cause.detail)}`}`,
  };
}

const instantWords = (instant: string): string => `${instant.slice(0, 19).replace('T', ' ')} UTC`;

async function readStatus(): Promise<Output> {
  const { overview, types } = await withBackend(async (backend) => {
    const counts: [string, number][] = [];
    for (const type of TIERS) {
      const query = BackupHistoryQuery.parse({ type, status: 'COMPLETED', limit: 1 });
      counts.push([type.toLowerCase(), (await listHistory(backend, query)).meta.total]);
    }
    return { overview: await readOverview(backend), types: counts.filter(([, count]) => count > 0) };
  });
  const { localPath, s3 } = loadConfig();
  const { summary } = overview;
  const latest =
    overview.sources
      .flatMap(({ newestGood }) => newestGood ?? [])
      .toSorted((a, b) => b.createdAt.localeCompare(a.createdAt))[0] ?? null;
  const { state } = monitorLine(overview);
  const lines = [
    'Backup System Status',
    '====================',
    `Backup Directory: ${localPath}`,
    `Total Backups: ${String(summary.totalBackups)}`,
    `Total Size: ${humanBytes(summary.totalSize)}`,
    `S3 Configured: ${s3 === null ? 'No' : 'Yes'}`,
    '',
    'Backup Types:',
    ...types.map(([type, count]) => `   ${type}: ${String(count)}`),
    '',
    'Latest Backup:',
    ...(latest === null
      ? ['   none']
      : [
          `   Name: ${latest.filename}`,
          `   Type: ${latest.type.toLowerCase()}`,
          `   Created: ${instantWords(latest.createdAt)}`,
          `   Proof: ${proofWords(latest)}`,
        ]),
    '',
    `Health: ${state}`,
    ...overview.checks
      .filter((check) => check.state !== 'OK')
      .map((check) => `   ${check.state} ${titled(check, `${check.name}: ${check.detail}`)}`),
  ];
  return {
    line: lines.join('\n'),
    json: {
      state,
      backupDirectory: localPath,
      totalBackups: summary.totalBackups,
      totalSize: summary.totalSize,
      isS3Configured: s3 !== null,
      types: Object.fromEntries(types),
      latest,
      newestProven: overview.newestProven,
      nextScheduled: summary.nextScheduled,
      checks: overview.checks,
    },
  };
}

/** A monitor must never read a command that could not look as good news. */
async function readForMonitor(): Promise<Output> {
  try {
    const overview = await withBackend(readOverview);
    const { state, line } = monitorLine(overview);
    return { line, json: { state, message: line, checks: overview.checks }, exitCode: EXITS[state] };
  } catch (thrown) {
    const { message } = toAppError(thrown);
    return {
      line: `UNKNOWN: ${message}`,
      json: { state: 'UNKNOWN', message, checks: [] },
      exitCode: EXITS.UNKNOWN,
    };
  }
}

export const status: Command = {
  name: 'status',
  summary: 'Show how the backups stand',
  details:
    'With --check it prints one line for a monitor and exits 0 OK, 1 WARNING, 2 CRITICAL or 3 UNKNOWN.',
  writesReport: true,
  options: { check: { type: 'boolean', help: 'one line and the exit code of a monitoring plugin' } },
  run: (values) => (values['check'] === true ? readForMonitor() : readStatus()),
};
