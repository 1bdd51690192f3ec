import { AppError, isErrorCode } from '../core/errors.ts';
import type { Backend } from '#db/backend.ts';
import { livingWorkers } from '#db/queries/worker.ts';

const ANSWER_MS = 20_000;
const ASK_MS = 150;

const noAnswer = (message: string): AppError =>
  new AppError('worker_absent', message, {
    hint: 'Check that the worker runs (npm run worker), then try again.',
  });

/** How a worker answers a question in its row: with one of the two. */
interface Answer<T> {
  readonly answer: T | null;
  readonly errorCode: string | null;
  readonly errorMessage: string | null;
  readonly errorHint: string | null;
}

/** Throws `worker_absent` where nobody would answer. */
export async function needWorker({ db }: Backend): Promise<void> {
  if ((await livingWorkers(db)).length === 0) throw noAnswer('no worker is running to answer this');
}

/** What a worker answered. Throws what it could not answer for, or `worker_absent`. */
export async function waitForAnswer<T>(
  { clock }: Backend,
  read: () => Promise<Answer<T> | null>,
): Promise<T> {
  const giveUpAt = clock.now().getTime() + ANSWER_MS;
  for (;;) {
    const row = await read();
    if (row?.answer !== null && row?.answer !== undefined) return row.answer;
    if (row?.errorCode !== null && row?.errorCode !== undefined) {
      const code = isErrorCode(row.errorCode) ? row.errorCode : 'bug';
      throw new AppError(code, row.errorMessage ?? 'the worker could not answer', {
        hint: row.errorHint ?? undefined,
      });
    }
    if (clock.now().getTime() >= giveUpAt) throw noAnswer('no worker answered in time');
    await clock.sleep(ASK_MS);
  }
}
