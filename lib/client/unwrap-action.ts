import type { ActionResult } from '../contracts/problem.ts';
import { localProblem, ProblemError } from './problem-error.ts';

/** A server action's data, or its problem thrown; a call that never arrived throws `network`. */
export async function unwrapAction<T>(call: Promise<ActionResult<T>>): Promise<T> {
  let result: ActionResult<T>;
  try {
    result = await call;
  } catch {
    throw localProblem(
      'network',
      'could not reach the server',
      'Nothing is known to have changed. Check your connection, reload the page and look before you try again.',
    );
  }
  if (result.ok) return result.data;
  throw new ProblemError(result.problem);
}
