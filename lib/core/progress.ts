import type { Phase, ProgressUpdate } from './run-context.ts';

export interface Progress {
  readonly phase: Phase;
  readonly bytes: number;
  /** Of this phase; null where it is not known, or was estimated too low. */
  readonly totalBytes: number | null;
  /** Smoothed over about ten seconds; null before there is one. */
  readonly bytesPerSecond: number | null;
  /** Of the whole run, 0 to 99, from estimates; never less than before. */
  readonly percent: number;
}

/** Turns what a run says into what people are shown. */
export interface ProgressMeter {
  update(update: ProgressUpdate): void;
  /** How it stands at `at`. Ask about once a second: the rate is measured between two questions. */
  look(at: Date): Progress;
}

const MEMORY_SECONDS = 10;
/** The dump takes most of the time; copying and reading back are about a third of it each. */
const weightOf = (phase: Phase): number => {
  switch (phase) {
    case 'dumping':
      return 3;
    case 'uploading':
    case 'reading-back':
      return 1;
    case 'queued':
    case 'preparing':
    case 'finishing':
      return 0;
  }
};

/** For a run to this many destinations: one dump, then a copy for each further one, and each is read back. */
export function createProgressMeter(destinationCount: number): ProgressMeter {
  const totalWeight = weightOf('dumping') + 1 + 2 * (destinationCount - 1);
  let current: ProgressUpdate = { phase: 'preparing', bytes: 0 };
  let doneWeight = 0;
  let percent = 0;
  let looked: { readonly phase: Phase; readonly bytes: number; readonly at: number } | undefined;
  let rate: number | null = null;

  return {
    update: (update) => {
      if (update.phase !== current.phase) doneWeight += weightOf(current.phase);
      current = update;
    },
    look: (at) => {
      const { phase, bytes, totalBytes } = current;
      const now = at.getTime();
      if (looked?.phase !== phase || bytes < looked.bytes) {
        // The speed of the phase before says nothing about this one.
        rate = null;
        looked = { phase, bytes, at: now };
      } else if (now > looked.at) {
        const seconds = (now - looked.at) / 1000;
        const newest = (bytes - looked.bytes) / seconds;
        rate = rate === null ? newest : rate + (newest - rate) * (1 - Math.exp(-seconds / MEMORY_SECONDS));
        looked = { phase, bytes, at: now };
      }
      // The estimate of a dump may be too low: it is not done before the next phase begins.
      const fraction = totalBytes === undefined || totalBytes <= 0 ? 0 : Math.min(bytes / totalBytes, 0.99);
      const whole = ((doneWeight + weightOf(phase) * fraction) / totalWeight) * 100;
      percent = Math.max(percent, Math.min(99, Math.floor(whole)));
      return {
        phase,
        bytes,
        // Of an estimate that has been passed nothing can be said any more, least of all that no time is left.
        totalBytes: totalBytes === undefined || bytes > totalBytes ? null : totalBytes,
        bytesPerSecond: rate === null ? null : Math.round(rate),
        percent,
      };
    },
  };
}
