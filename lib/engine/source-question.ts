import type { SourceProbeAnswer } from '../contracts/source.ts';
import { AppError, toAppError, runErrorOf } from '../core/errors.ts';
import { configForSource } from '../platform/source-config.ts';
import type { Config } from '../platform/config.ts';
import { openPostgres, openSource } from '../sources/registry.ts';
import type { SourceContext, SourceLook } from '../sources/source.ts';
import {
  answerSourceQuestion,
  findSourceQuestion,
  type SourceQuestion,
} from '#db/queries/source-question.ts';
import type { EngineDeps } from './deps.ts';

const LIMIT_MS = 18_000;
const SHOWN = 8;

/** Connects to the address that somebody asks about, and answers; what it cannot answer for is an answer too. */
export async function runSourceQuestion(deps: EngineDeps, id: string, stop: AbortSignal): Promise<void> {
  const question = await findSourceQuestion(deps.db, id);
  if (question === null || question.answer !== null) return;
  const signal = AbortSignal.any([stop, AbortSignal.timeout(LIMIT_MS)]);
  const ctx = { signal, clock: deps.clock, log: deps.log };
  const errorOf = (thrown: unknown): AppError => {
    if (signal.aborted) {
      return new AppError('timeout', 'the source took too long to answer', {
        hint: 'Check host and port, and whether a firewall drops what is sent there; of files, whether their disk answers.',
      });
    }
    if (!(thrown instanceof AppError))
      deps.log.warn('a question about a source met an unknown error', { error: thrown });
    return toAppError(thrown);
  };
  switch (question.kind) {
    case 'probe':
      await answerSourceQuestion(deps.db, id, await probe(deps, question, ctx, errorOf));
      break;
    case 'discover':
      try {
        const databases = await openPostgres(configOf(deps, question)).databases(ctx);
        await answerSourceQuestion(deps.db, id, {
          databases: databases.map((database) => ({ ...database, sourceId: null, isCatalogue: false })),
        });
      } catch (thrown) {
        await answerSourceQuestion(deps.db, id, errorOf(thrown));
      }
  }
}

const configOf = ({ config }: EngineDeps, question: SourceQuestion): Config =>
  configForSource(config, {
    ...question,
    kind: question.sourceKind,
    isEnabled: true,
    environment: null,
    filePrefix: null,
    schedule: null,
    retention: null,
  });

async function probe(
  deps: EngineDeps,
  question: SourceQuestion,
  ctx: SourceContext,
  errorOf: (thrown: unknown) => AppError,
): Promise<SourceProbeAnswer> {
  let look: SourceLook | null = null;
  let error: AppError | null = null;
  try {
    const source = openSource(configOf(deps, question));
    look = await source.look(ctx);
    // Whether there is a program here that can dump it.
    await source.probe(ctx);
  } catch (thrown) {
    error = errorOf(thrown);
  }
  return {
    isReachable: look !== null,
    productVersion: look?.productVersion ?? null,
    sizeBytes: look?.sizeBytes ?? null,
    warnings: look === null ? [] : warningsOf(question.user ?? '', look),
    error: error === null ? null : runErrorOf(error),
    checkedAt: deps.clock.now().toISOString(),
  };
}

function warningsOf(user: string, { isSuperuser, forbidden }: SourceLook): string[] {
  const named = forbidden.slice(0, SHOWN).join(', ');
  const more = forbidden.length > SHOWN ? ` and ${String(forbidden.length - SHOWN)} more` : '';
  return [
    ...(isSuperuser
      ? [`${user} is a superuser; a role that may only read (login, pg_read_all_data) is enough for backups`]
      : []),
    ...(forbidden.length > 0
      ? [
          `${user} may not read ${named}${more}; a backup would fail until it may: grant pg_read_all_data, and bypassrls where tables have row security`,
        ]
      : []),
  ];
}
