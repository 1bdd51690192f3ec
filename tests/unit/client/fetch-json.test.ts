import { afterEach, describe, expect, test, vi } from 'vitest';
import { z } from 'zod';
import { fetchJson } from '#lib/client/fetch-json.ts';
import { problemOf } from '#lib/client/problem-error.ts';
import { unwrapAction } from '#lib/client/unwrap-action.ts';

const Answer = z.object({ n: z.number() });
const problem = {
  type: 'about:blank',
  title: 'Conflict',
  status: 409,
  detail: 'this backup is less than 24 hours old',
  code: 'protected',
  hint: 'Wait.',
  requestId: 'r-1',
};
const answering = (body: unknown, status = 200) => {
  vi.stubGlobal('fetch', () => Promise.resolve(new Response(JSON.stringify(body), { status })));
};
const ask = (signal = new AbortController().signal) => fetchJson(Answer, '/x', signal);
const codeOf = async (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => 'resolved',
    (error: unknown) => problemOf(error).code,
  );
afterEach(() => {
  vi.unstubAllGlobals();
});

describe('fetchJson', () => {
  test('gives what the contract says', async () => {
    answering({ n: 1, more: true });
    await expect(ask()).resolves.toEqual({ n: 1 });
  });

  test('keeps the code, hint and request id of a problem document', async () => {
    answering(problem, 409);
    const error: unknown = await ask().catch((thrown: unknown) => thrown);
    expect(problemOf(error)).toEqual(problem);
  });

  test('tells an answer off the contract, an error that is no problem document, and no answer apart', async () => {
    answering({ n: 'one' });
    expect(await codeOf(ask())).toBe('unexpected_answer');
    vi.stubGlobal('fetch', () => Promise.resolve(new Response('<html>bad gateway</html>', { status: 502 })));
    expect(await codeOf(ask())).toBe('unexpected_answer');
    vi.stubGlobal('fetch', () => Promise.reject(new TypeError('failed')));
    expect(await codeOf(ask())).toBe('network');
  });

  test('lets an abort through as an abort', async () => {
    const abort = new AbortController();
    abort.abort();
    vi.stubGlobal('fetch', () => Promise.reject(new DOMException('gone', 'AbortError')));
    await expect(ask(abort.signal)).rejects.toThrow(DOMException);
  });
});

describe('unwrapAction', () => {
  test('gives data, throws problems, and says when the call never arrived', async () => {
    await expect(unwrapAction(Promise.resolve({ ok: true, data: 7 }))).resolves.toBe(7);
    expect(await codeOf(unwrapAction(Promise.resolve({ ok: false, problem })))).toBe('protected');
    expect(await codeOf(unwrapAction(Promise.reject(new Error('offline'))))).toBe('network');
  });
});
