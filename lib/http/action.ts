import { randomUUID } from 'node:crypto';
import { unstable_rethrow } from 'next/navigation';
import type { z } from 'zod';
import type { Actor } from '../core/actor.ts';
import { AppError, ERRORS, toAppError } from '../core/errors.ts';
import type { ActionResult } from '../contracts/problem.ts';
import { currentActor } from '../auth/session.ts';
import { processBackend, type Backend } from '#db/backend.ts';
import { translateCatalogueError } from '#db/errors.ts';
import { invalidInput, toProblem } from './problem.ts';

/**
 * The body of a server action: who is it, may they, is the input right, do it. Never throws to the browser. Next itself
 * refuses an action whose Origin is not its Host, so cross-site posts never get here.
 */
export async function runAction<Schema extends z.ZodType, Result>(
  spec: { readonly can: (actor: Actor) => boolean; readonly input: Schema },
  input: unknown,
  perform: (backend: Backend, actor: Actor, input: z.output<Schema>) => Promise<Result>,
): Promise<ActionResult<Result>> {
  const requestId = randomUUID();
  try {
    const actor = await currentActor();
    if (actor === null) {
      throw new AppError('unauthenticated', 'the session is over', { hint: 'Sign in again.' });
    }
    if (!spec.can(actor)) {
      throw new AppError('forbidden', 'this needs an administrator', {
        hint: 'Ask an administrator of this Holdfast to do it, or to change your role.',
      });
    }
    const parsed = spec.input.safeParse(input);
    if (!parsed.success) throw invalidInput(parsed.error);
    return { ok: true, data: await perform(processBackend(), { ...actor, requestId }, parsed.data) };
  } catch (thrown) {
    unstable_rethrow(thrown);
    const error = toAppError(translateCatalogueError(thrown));
    const log = processBackend().log;
    if (ERRORS[error.code].http >= 500) log.error('an action failed', { requestId, error });
    else log.info('an action was refused', { requestId, code: error.code });
    return { ok: false, problem: toProblem(error, requestId) };
  }
}
