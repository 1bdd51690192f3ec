import { nameEnvironmentSource } from '#db/queries/source.ts';
import { humanBytes } from '#lib/core/bytes.ts';
import { counted } from '#lib/core/counted.ts';
import { AppError, isErrorCode, runErrorOf } from '#lib/core/errors.ts';
import { runRebuild, type RebuildEvent } from '#lib/engine/rebuild.ts';
import { commandActor, withBackend, type Command } from './command.ts';
import { commandDeps } from './command-deps.ts';
import { minute } from './list.ts';
import { namedSource, sourceOption } from './source-option.ts';

function lineOf(event: RebuildEvent, isDryRun: boolean): string {
  if (event.kind === 'refused') {
    const { destination, key, error } = event;
    return `not recorded  ${key} (${destination}): ${error.message} [${error.code}]${error.hint === undefined ? '' : `\n  HINT: ${error.hint}`}`;
  }
  const { kind, filename, source, takenAt, sizeBytes, destinations } = event;
  const what = kind === 'copy' ? 'further copy' : 'backup';
  return [
    isDryRun ? `would record ${what}` : `recorded ${what}`,
    filename,
    source,
    minute(takenAt.toISOString()),
    humanBytes(sizeBytes),
    destinations.join('+'),
  ].join('  ');
}

export const rebuild: Command = {
  name: 'rebuild',
  summary: 'Record the backups that lie at the destinations and are not in the history',
  details:
    'For a new, empty catalogue after the old one was lost, and for what scripts/backup.sh took while the catalogue was down.\nSources must be there already. A backup that was deleted is not taken up again. Retention judges what is recorded like any\nother backup; it never takes the newest of a source or one younger than 24 hours.',
  writesReport: true,
  options: {
    source: sourceOption,
    'dry-run': { type: 'boolean', help: 'show what would be recorded and change nothing' },
  },
  run: async (values) => {
    const isDryRun = values['dry-run'] === true;
    return withBackend(async (backend) => {
      // In a new catalogue no worker has named it yet.
      await nameEnvironmentSource(backend.db, backend.config.source.database);
      const deps = await commandDeps(backend);
      const events: RebuildEvent[] = [];
      const result = await runRebuild(deps, {
        isDryRun,
        sourceId: await namedSource(backend, values),
        actor: commandActor('rebuild'),
        signal: new AbortController().signal,
        told: (event) => events.push(event),
      });
      const sum = (of: 'backups' | 'copies' | 'expiring'): number =>
        result.sources.reduce((total, source) => total + source[of], 0);
      const [away] = result.unreachable;
      const error =
        away !== undefined
          ? new AppError(
              isErrorCode(away.error.code) ? away.error.code : 'bug',
              `${away.destination} storage could not be read to the end: ${away.error.message}`,
              {
                hint: `${away.error.hint ?? ''} Then run this again: what is recorded already stays.`.trim(),
              },
            )
          : result.refusedCount > 0
            ? new AppError('partial', `${counted(result.refusedCount, 'archive')} could not be recorded`, {
                hint: 'The lines above say why. Once that is mended, run this again.',
              })
            : undefined;
      const expiring = sum('expiring');
      return {
        line: [
          ...events.map((event) => lineOf(event, isDryRun)),
          `${counted(result.archives, 'manifest')} found, ${String(result.known)} known; ${isDryRun ? 'would record' : 'recorded'} ${counted(sum('backups'), 'backup')}${sum('copies') === 0 ? '' : ` and ${counted(sum('copies'), 'further copy', 'further copies')}`}${result.refusedCount === 0 ? '' : `, ${String(result.refusedCount)} not recorded`}`,
          ...(expiring === 0
            ? []
            : [
                `the next retention run would let go of ${String(expiring)} of these; cleanup --dry-run tells which${isDryRun ? ' once they are recorded' : ''}`,
              ]),
        ].join('\n'),
        json: {
          isDryRun,
          ...result,
          refused: events.flatMap((event) =>
            event.kind === 'refused'
              ? [
                  {
                    destination: event.destination,
                    key: event.key,
                    error: runErrorOf(event.error),
                  },
                ]
              : [],
          ),
          recorded: events.filter(({ kind }) => kind !== 'refused'),
        },
        ...(error === undefined ? {} : { error }),
      };
    });
  },
};
