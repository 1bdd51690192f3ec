import { AppError } from '#lib/core/errors.ts';

/** Aborted with `cancelled` by Ctrl-C and SIGTERM, until it is disposed. */
export function stopAtSignal(
  message: string,
  hint = 'Start it again.',
): Disposable & { readonly signal: AbortSignal } {
  const stopping = new AbortController();
  const onSignal = (): void => {
    stopping.abort(new AppError('cancelled', message, { hint }));
  };
  process.on('SIGINT', onSignal).on('SIGTERM', onSignal);
  return {
    signal: stopping.signal,
    [Symbol.dispose]: () => {
      process.off('SIGINT', onSignal).off('SIGTERM', onSignal);
    },
  };
}
