import { writeFileSync } from 'node:fs';
import type { Backend } from '#db/backend.ts';
import { DrillRequest, type Drill } from '#lib/contracts/drill.ts';
import { AppError, isErrorCode } from '#lib/core/errors.ts';
import { getDrill, openReport, openSignature, requestDrill } from '#lib/services/drills.ts';
import { check, commandActor, typedPath, withBackend, type Command, type Values } from './command.ts';
import { namedSource, sourceOption } from './source-option.ts';
import { needWorker, waitFor } from './wait.ts';

/** What of a duration people compare: 3.4 s, 12 min, 26 h. */
function shown(ms: number): string {
  const [size, unit] = ms < 120_000 ? [1000, 's'] : ms < 7_200_000 ? [60_000, 'min'] : [3_600_000, 'h'];
  return `${(ms / size).toFixed(1)} ${unit}`;
}

const measuredAs = (ms: number | null): string => (ms === null ? 'not measured' : shown(Math.max(0, ms)));

/** Each objective beside what was measured, one a line. */
function linesOf(drill: Drill): string {
  const { source, backup, objectives, measured, verdicts, steps, checks, status } = drill;
  const of = (name: string, verdict: string | undefined, text: string): string =>
    `  ${name.padEnd(10)}${(verdict ?? 'UNKNOWN').padEnd(9)}${text}`;
  return [
    `${status}  drill of ${source.name} ${backup === null ? 'without a backup' : `from ${backup.filename}`}`,
    of(
      'proof',
      verdicts?.proof,
      `${String(checks.passed)} checks passed, ${String(checks.failed)} failed, ${String(checks.unknown)} unknown`,
    ),
    of(
      'time',
      verdicts?.rto,
      `${measuredAs(measured.recoveryMs)}, objective ${shown(objectives.rtoMinutes * 60_000)} (RTO)`,
    ),
    of(
      'data loss',
      verdicts?.rpo,
      `${measuredAs(measured.dataLossMs)}, objective ${shown(objectives.rpoHours * 3_600_000)} (RPO)`,
    ),
    ...steps.map(({ phase, durationMs }) => `    ${phase.padEnd(12)}${shown(durationMs)}`),
  ].join('\n');
}

/** What `--output FILE` needs to be checked anywhere: FILE.sig and FILE.pem beside it. */
async function writeSignature(backend: Backend, drill: Drill, values: Values): Promise<void> {
  const { output } = values;
  const publicKey = drill.report?.publicKey ?? null;
  if (typeof output !== 'string' || publicKey === null) return;
  const path = typedPath(output);
  try {
    writeFileSync(`${path}.sig`, (await openSignature(backend, drill.id)).bytes);
    writeFileSync(`${path}.pem`, publicKey);
  } catch (cause) {
    if (cause instanceof AppError) throw cause;
    throw new AppError('usage', `the signature could not be written to ${path}.sig`, {
      hint: 'Name a file in a folder that exists and that this user may write to.',
      cause,
    });
  }
}

export const drill: Command = {
  name: 'drill',
  summary: 'Rehearse coming back from the newest backup, timed against RTO and RPO',
  details:
    'A worker restores it into scratch and compares it. --output writes the report that is signed, and beside it FILE.sig and\nFILE.pem, which stock openssl checks (docs/format.md). Exit codes: 0 passed, 1 not passed; others where it could not begin.',
  writesReport: true,
  options: {
    source: { ...sourceOption, help: 'of this source (default: the one that PGHOST … PGDATABASE name)' },
    note: { type: 'string', value: 'TEXT', help: 'why, or what was learned before: it stands in the report' },
  },
  run: async (values) =>
    withBackend(async (backend) => {
      await needWorker(backend, 'Start one with "npm run worker".');
      const sourceId = await namedSource(backend, values);
      const request = check(DrillRequest, {
        ...(sourceId === null ? {} : { sourceId }),
        ...(typeof values['note'] === 'string' ? { note: values['note'] } : {}),
      });
      const { id } = await requestDrill(backend, commandActor('drill'), request);
      const ended = await waitFor(
        backend,
        () => getDrill(backend, id),
        ({ status }) => status !== 'IN_PROGRESS',
      );
      await writeSignature(backend, ended, values);
      const { error } = ended;
      const text = Buffer.from((await openReport(backend, id)).bytes).toString('utf8');
      return {
        line: linesOf(ended),
        // Parsed and printed again it is the same text, so that what --output writes is what was signed.
        json: JSON.parse(text) as object,
        exitCode: ended.status === 'PASSED' ? 0 : 1,
        ...(error === null
          ? {}
          : {
              error: new AppError(isErrorCode(error.code) ? error.code : 'bug', error.message, {
                hint: error.hint ?? undefined,
              }),
            }),
      };
    }),
};
