import type { z } from 'zod';
import { Problem } from '../contracts/problem.ts';
import { localProblem, ProblemError } from './problem-error.ts';

const readBody = async (response: Response): Promise<unknown> => {
  try {
    return (await response.json()) as unknown;
  } catch {
    return undefined;
  }
};

/**
 * GETs `path` and parses the answer. Throws ProblemError for every failure but an abort: the server's own problem
 * document, `network` when no answer came, `unexpected_answer` when the answer is not what the contract says.
 */
export async function fetchJson<S extends z.ZodType>(
  schema: S,
  path: string,
  signal: AbortSignal,
): Promise<z.infer<S>> {
  let response: Response;
  try {
    response = await fetch(path, {
      signal,
      headers: { accept: 'application/json, application/problem+json' },
      credentials: 'same-origin',
      cache: 'no-store',
    });
  } catch (error) {
    if (signal.aborted) throw error;
    throw localProblem(
      'network',
      'could not reach the server',
      'Check your connection, and that the console is running. This page tries again by itself.',
    );
  }
  const body = await readBody(response);
  if (!response.ok) {
    const problem = Problem.safeParse(body);
    if (problem.success) throw new ProblemError(problem.data);
    throw localProblem(
      'unexpected_answer',
      `the server answered ${String(response.status)}`,
      'Try again in a moment; if it stays, look at the log of the web process.',
      response.status,
    );
  }
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  throw localProblem(
    'unexpected_answer',
    'the server answered something this page does not understand',
    'Reload the page: it may be older than the server.',
    response.status,
  );
}
