import type { Actor } from '../core/actor.ts';
import { AppError } from '../core/errors.ts';
import { DroppedCopy, KeptCopies, type DropKeptCopy, type KeptCopyName } from '../contracts/kept-copy.ts';
import { keptCopyJob } from '../jobs/queue.ts';
import type { Backend } from '#db/backend.ts';
import type { Tx } from '#db/client.ts';
import { addAuditEntry } from '#db/queries/audit.ts';
import {
  findKeptCopyQuestion,
  insertKeptCopyQuestion,
  removeKeptCopyQuestion,
} from '#db/queries/kept-copy.ts';
import { leftThingsOf } from '#db/queries/restore-outcome.ts';
import { lockRestore } from '#db/queries/restore.ts';
import { needWorker, waitForAnswer } from './worker-answer.ts';

/** `before` belongs to the transaction of the question. */
async function ask(
  backend: Backend,
  actor: Actor,
  wanted: KeptCopyName | null,
  before: (tx: Tx) => Promise<void>,
): Promise<unknown> {
  await needWorker(backend);
  const queue = await backend.queue();
  const id = await backend.db.transaction(async (tx) => {
    await before(tx);
    const questionId = await insertKeptCopyQuestion(tx, { wanted, requestedBy: actor.name });
    await queue.enqueue(tx, keptCopyJob, { questionId });
    return questionId;
  });
  try {
    return await waitForAnswer(backend, () => findKeptCopyQuestion(backend.db, id));
  } catch (thrown) {
    if (wanted === null || !(thrown instanceof AppError) || thrown.code !== 'worker_absent') throw thrown;
    throw new AppError('timeout', `dropping ${wanted.name} takes longer than this waits for`, {
      hint: 'Load the list again in a while: it is gone from there once it is dropped, and else nothing was done.',
      cause: thrown,
    });
  } finally {
    // Else a worker that starts tomorrow would drop what nobody waits for any more.
    await removeKeptCopyQuestion(backend.db, id);
  }
}

/**
 * What restores left on the servers and is really there, asked of a worker. A server that cannot be reached is named, with the reason.
 * Throws `worker_absent` where no worker answers.
 */
export async function listKeptCopies(backend: Backend, actor: Actor): Promise<KeptCopies> {
  return KeptCopies.parse(await ask(backend, actor, null, () => Promise.resolve()));
}

/**
 * Has a worker drop one of them. Throws `invalid` where its name is not typed, `not_found` for what is not in the list, `conflict`
 * where the restore's undo needs it and that is not given up, `locked` while the restore waits or runs, and what the worker found:
 * `conflict` with who is connected. A worker that takes long goes on after `timeout`; one that has not begun does nothing then.
 */
export async function dropKeptCopy(
  backend: Backend,
  actor: Actor,
  { confirm, givesUp, ...wanted }: DropKeptCopy,
): Promise<DroppedCopy> {
  const { restoreId, kind, name } = wanted;
  if (confirm !== name) {
    throw new AppError('invalid', `confirm: is not the name of the ${kind}`, {
      hint: `Type ${name} to confirm.`,
      fields: { field: 'confirm' },
    });
  }
  const answer = await ask(backend, actor, wanted, async (tx) => {
    const record = await lockRestore(tx, restoreId);
    const thing =
      record === null
        ? undefined
        : leftThingsOf(record).find((one) => one.kind === kind && one.name === name);
    if (thing === undefined) {
      throw new AppError('not_found', `no restore left a ${kind} of that name`, {
        hint: 'Load the list again: only what is in it can be dropped here.',
      });
    }
    if (thing.isInUse) {
      throw new AppError('locked', `the restore that left ${name} waits or runs`, {
        hint: 'Wait until it has ended, or give it up.',
      });
    }
    if (thing.neededFor !== null && !givesUp) {
      throw new AppError(
        'conflict',
        `without ${name} ${thing.neededFor === 'undo' ? 'this restore cannot be undone' : 'its copy cannot be swapped in again'}`,
        { hint: 'Say that you give that up, too.', fields: { neededFor: thing.neededFor } },
      );
    }
    await addAuditEntry(tx, actor, 'restore.request-drop-kept', restoreId, {
      kind,
      name,
      database: thing.database,
      givesUp: thing.neededFor,
    });
  });
  return DroppedCopy.parse(answer);
}
