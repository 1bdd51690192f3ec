import { readMicros } from '../../core/micros.ts';

/** What a server that is being recovered says of itself, in English and without a prefix. */
export interface RecoveryLog {
  readonly hear: (line: string) => void;
  /** It has promoted and takes connections. */
  readonly isReady: boolean;
  readonly stoppedAt: string | null;
  readonly lastMicros: number | null;
  /** The last line of a failure; null where there was none. */
  readonly failure: string | null;
}

export function listenToRecovery(restored: (segment: string) => void): RecoveryLog {
  let stoppedAt: string | null = null;
  let lastMicros: number | null = null;
  let failure: string | null = null;
  let isReady = false;
  return {
    hear: (line) => {
      const [, level, said] = /^(LOG|FATAL|PANIC|ERROR): +(.*)$/.exec(line) ?? [];
      if (level === undefined || said === undefined) return;
      if (level === 'FATAL' || level === 'PANIC') {
        // Each of our own questions is answered so until it has come up.
        if (!/^the database system is |^terminating /.test(said)) failure = said;
        return;
      }
      const segment = /^restored log file "([0-9A-F]{24})" from archive/.exec(said)?.[1];
      if (segment !== undefined) restored(segment);
      isReady ||= said === 'database system is ready to accept connections';
      stoppedAt = /^recovery stopping (.*)$/.exec(said)?.[1] ?? stoppedAt;
      const last = /^last completed transaction was at log time (.*)$/.exec(said)?.[1];
      if (last !== undefined) lastMicros = readMicros(last);
    },
    get isReady() {
      return isReady;
    },
    get stoppedAt() {
      return stoppedAt;
    },
    get lastMicros() {
      return lastMicros;
    },
    get failure() {
      return failure;
    },
  };
}
