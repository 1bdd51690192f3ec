import type { VerifyEvent, VerifyPhase } from '../contracts/verification.ts';

const EVERY_MS = 1000;

export interface VerifyProgress extends Disposable {
  enter(phase: VerifyPhase, totalBytes?: number): void;
  readonly bytes: (bytes: number) => void;
}

/**
 * Tells how far it is, at each phase and once a second: also when nothing has moved, because that is how reader and writer
 * of these events notice that the other one has gone.
 */
export function createVerifyProgress(report: (event: VerifyEvent) => void): VerifyProgress {
  let phase: VerifyPhase = 'preparing';
  let bytes = 0;
  let totalBytes: number | undefined;
  const tell = (): void => {
    report({ type: 'progress', phase, bytes, ...(totalBytes === undefined ? {} : { totalBytes }) });
  };
  const timer = setInterval(tell, EVERY_MS);
  return {
    enter: (next, total) => {
      phase = next;
      bytes = 0;
      totalBytes = total;
      tell();
    },
    bytes: (count) => {
      bytes = count;
    },
    [Symbol.dispose]: () => {
      clearInterval(timer);
    },
  };
}
