import type { Backend } from '#db/backend.ts';
import { findNewestGood } from '#db/queries/backup.ts';
import type { Restore, RestorePlan } from '#lib/contracts/restore.ts';
import type { Source } from '#lib/contracts/source.ts';
import { AppError, isErrorCode } from '#lib/core/errors.ts';
import type { SourceKind } from '#lib/core/source-kind.ts';
import { getRestore, previewRestore, requestRestore } from '#lib/services/restores.ts';
import { listSources } from '#lib/services/sources.ts';
import { openPrompt, confirm } from '../restore-prompt.ts';
import { commandActor, withBackend, type Command, type Values } from './command.ts';
import { minute } from './list.ts';
import { needWorker, waitFor } from './wait.ts';

/** What must be there first comes first: the data, then what can be rebuilt, then what it refers to (3-prodstack.md). */
const ORDER: readonly SourceKind[] = ['postgres', 'sqlite', 'redis', 'files'];
const SKIP: Readonly<Record<SourceKind, string>> = {
  postgres: 'skip-postgres',
  sqlite: 'skip-sqlite',
  redis: 'skip-redis',
  files: 'skip-volumes',
};
const CONFIRMATION = 'YES';

interface Step {
  readonly source: Source;
  readonly backup: { readonly id: string; readonly filename: string; readonly createdAt: Date };
  readonly plan: RestorePlan;
}

/** A database, or a path, as it is now: that is what the backup takes the place of. */
function liveTarget(source: Source): string | null {
  switch (source.kind) {
    case 'postgres':
      return source.database;
    case 'files':
    case 'sqlite':
      return source.path;
    case 'redis':
      return null;
  }
}

function readInstant(values: Values): Date | null {
  const { at } = values;
  if (typeof at !== 'string') return null;
  const instant = new Date(at);
  if (!Number.isNaN(instant.getTime())) return instant;
  throw new AppError('invalid', `--at ${at} is not an instant`, {
    hint: 'Write it like 2026-11-29T14:30:00Z.',
    fields: { field: 'at' },
  });
}

/** Which file a Redis server loads is known to that server alone, which must be stopped for it: it is named here. */
function redisTarget(values: Values): string {
  const path = values['redis-file'];
  if (typeof path === 'string') return path;
  throw new AppError('usage', '--redis-file is missing', {
    hint: 'Name the file that the server loads when it starts (its "dir" and "dbfilename"), or leave Redis out with --skip-redis.',
  });
}

async function planSteps(backend: Backend, values: Values, before: Date | null): Promise<readonly Step[]> {
  const { data } = await listSources(backend);
  const wanted = data
    .filter(({ kind, isEnabled }) => isEnabled && values[SKIP[kind]] !== true)
    .toSorted((a, b) => ORDER.indexOf(a.kind) - ORDER.indexOf(b.kind));
  const steps: Step[] = [];
  for (const source of wanted) {
    const backup = await findNewestGood(backend.db, source.id, before);
    if (backup === null) {
      throw new AppError(
        'not_found',
        `${source.name} has no good backup${before === null ? '' : ' of that time'}`,
        {
          hint: `Leave its kind out with --${SKIP[source.kind]}, disable the source, or choose a later --at.`,
        },
      );
    }
    const plan: RestorePlan = {
      mode: 'swap',
      targetDatabase: liveTarget(source) ?? redisTarget(values),
      schemaOnly: false,
      dataOnly: false,
      noOwner: false,
      pauseBeforeSwap: false,
      hooks: [],
    };
    steps.push({ source, backup, plan });
  }
  if (steps.length > 0) return steps;
  throw new AppError('usage', 'nothing is left to restore', { hint: 'Leave out fewer kinds of sources.' });
}

/** Every step is previewed before the first begins: what stands in the way of the last must not be found when the others are done. */
async function previewAll(
  backend: Backend,
  steps: readonly Step[],
  reason: string,
  say: (line: string) => void,
): Promise<void> {
  for (const { source, backup, plan } of steps) {
    const preview = await previewRestore(backend, commandActor('restore-all'), backup.id, plan);
    say(
      `${source.name} (${source.kind}): ${plan.targetDatabase} becomes ${backup.filename} of ${minute(backup.createdAt.toISOString())}`,
    );
    for (const line of [...preview.replaces, ...preview.keeps]) say(`  ${line}`);
    for (const { state, detail } of preview.findings) if (state !== 'OK') say(`  ${state}: ${detail}`);
    const blocked = preview.findings.find(({ state }) => state === 'BLOCKED');
    if (blocked !== undefined) {
      throw new AppError(
        'conflict',
        `${source.name} cannot be restored: ${blocked.detail}; nothing was changed`,
        {
          hint: blocked.hint ?? undefined,
        },
      );
    }
    if (preview.needsReason && reason === '') {
      throw new AppError('usage', `--reason is needed: ${source.name} is marked production`, {
        hint: 'Say in a few words why everything is restored; it is kept with each restore.',
      });
    }
  }
}

async function restoreOne(backend: Backend, { backup, plan }: Step, reason: string): Promise<Restore> {
  const { id } = await requestRestore(backend, commandActor('restore-all'), backup.id, {
    ...plan,
    confirm: plan.targetDatabase,
    ...(reason === '' ? {} : { reason }),
  });
  return waitFor(
    backend,
    () => getRestore(backend, id),
    ({ status }) => status !== 'IN_PROGRESS',
  );
}

function failureOf({ source }: Step, { id, error }: Restore, done: readonly Restore[]): AppError {
  const code = error !== null && isErrorCode(error.code) ? error.code : 'restore_failed';
  return new AppError(code, `${source.name}: ${error?.message ?? 'the restore failed'}`, {
    hint: `${error?.hint ?? `Read the report of restore ${id}.`} ${done.length === 0 ? 'Nothing was exchanged.' : `Restored already: ${done.map(({ targetDatabase }) => targetDatabase).join(', ')}; each can be undone in the console.`}`,
  });
}

export const restoreAll: Command = {
  name: 'restore-all',
  summary: 'Bring every source back to one instant: the whole stack, or a part of it',
  details:
    'Of each enabled source the newest good backup (up to --at) is restored beside what is there, compared with its manifest, and\nexchanged by name; what was live is kept and each exchange can be undone in the console. All are previewed before the first begins.\nA worker does it. Stop the application before, start it afterwards.',
  writesReport: true,
  options: {
    at: {
      type: 'string',
      value: 'INSTANT',
      help: 'no backup later than this, like 2026-11-29T14:30:00Z (default: the newest)',
    },
    'skip-postgres': { type: 'boolean', help: 'leave PostgreSQL databases as they are' },
    'skip-sqlite': { type: 'boolean', help: 'leave SQLite databases as they are' },
    'skip-redis': { type: 'boolean', help: 'leave Redis as it is' },
    'skip-volumes': { type: 'boolean', help: 'leave files, volumes and configuration as they are' },
    'redis-file': { type: 'string', value: 'PATH', help: 'the file that the stopped Redis server will load' },
    reason: { type: 'string', value: 'TEXT', help: 'why; needed where a source is marked production' },
    'no-confirm': { type: 'boolean', help: 'do not ask for the typed YES' },
    'dry-run': { type: 'boolean', help: 'preview everything and change nothing' },
  },
  run: async (values) => {
    const before = readInstant(values);
    const reason = typeof values['reason'] === 'string' ? values['reason'].trim() : '';
    const asJson = values['json'] === true;
    // With --json stdout holds the report alone.
    const say = (line: string): void => void (asJson ? process.stderr : process.stdout).write(`${line}\n`);
    return withBackend(async (backend) => {
      await needWorker(
        backend,
        'Start one with "npm run worker", or restore each archive with scripts/restore.sh.',
      );
      const steps = await planSteps(backend, values, before);
      await previewAll(backend, steps, values['dry-run'] === true ? 'preview' : reason, say);
      if (values['dry-run'] === true) return { line: 'dry run: nothing was changed', json: { restores: [] } };
      if (values['no-confirm'] !== true) {
        using prompt = openPrompt(new AbortController().signal);
        await confirm(
          prompt,
          `Type "${CONFIRMATION}" to restore ${String(steps.length)} sources: `,
          CONFIRMATION,
          '--no-confirm',
        );
      }
      const done: Restore[] = [];
      let error: AppError | undefined;
      for (const step of steps) {
        const restore = await restoreOne(backend, step, reason);
        if (restore.status !== 'COMPLETED') {
          error = failureOf(step, restore, done);
          break;
        }
        done.push(restore);
        say(
          `${step.source.name}: restored${restore.proven ? ' and proven' : ''}; ${restore.swap?.keptDatabase ?? 'what was there'} is kept`,
        );
      }
      return {
        line: error === undefined ? `restored ${String(done.length)} of ${String(steps.length)}` : '',
        json: {
          restores: done.map(({ id, backupFilename, sourceKind, targetDatabase, status, proven, swap }) => ({
            id,
            backupFilename,
            sourceKind,
            targetDatabase,
            status,
            proven,
            kept: swap?.keptDatabase ?? null,
          })),
        },
        ...(error === undefined ? {} : { error }),
      };
    });
  },
};
