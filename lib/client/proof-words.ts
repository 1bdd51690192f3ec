import type { BackupRow, Proof } from '../contracts/backup.ts';
import { shortAgo } from './instants.ts';
import { sentence } from './sentence.ts';

export const PROOF_LOOKS = ['IN_PROGRESS', 'PROVEN', 'BYTES_FINE', 'FAILED', 'UNKNOWN', 'NEVER'] as const;
/** How a proof is shown. UNKNOWN: never proven, and the last attempt could not show it. */
export type ProofLook = (typeof PROOF_LOOKS)[number];

export interface ProofWords {
  readonly look: ProofLook;
  /** `proven 2 h ago`, `bytes fine, last proven 40 days ago`, `failed`, `never`, `being verified`. */
  readonly text: string;
  /** What stands behind it, in sentences. */
  readonly detail: readonly string[];
}

const DAY_MS = 24 * 3_600_000;

function lastTry({ lastStatus, lastError }: Proof): readonly string[] {
  if (lastError === null || (lastStatus !== 'UNKNOWN' && lastStatus !== 'FAILED')) return [];
  const lead =
    lastStatus === 'UNKNOWN' ? 'The last attempt could not show it' : 'The last verification failed';
  return [`${lead}: ${sentence(lastError.message)}`, ...(lastError.hint === null ? [] : [lastError.hint])];
}

/** A backup's proof in words; null where there is nothing to prove: only COMPLETED backups are verified. */
export function proofWords(
  { status, proof }: Pick<BackupRow, 'status' | 'proof'>,
  now: Date,
): ProofWords | null {
  if (status !== 'COMPLETED') return null;
  const ago = (at: string): string => shortAgo(new Date(at), now);
  const { state, provenAt, bytesFineAt, failedAt, lastStatus } = proof;
  const known = [
    ...(provenAt === null ? [] : [`Restored and found equal ${ago(provenAt)}.`]),
    ...(bytesFineAt === null ? [] : [`Stored bytes read and found unchanged ${ago(bytesFineAt)}.`]),
  ];
  if (lastStatus === 'IN_PROGRESS') return { look: 'IN_PROGRESS', text: 'being verified', detail: known };
  if (state === 'FAILED') {
    return {
      look: 'FAILED',
      text: failedAt === null ? 'failed' : `failed ${ago(failedAt)}`,
      detail: [
        ...lastTry(proof),
        ...known,
        'It does not count as a restore point until a verification passes.',
      ],
    };
  }
  if (state === 'PROVEN' && provenAt !== null) {
    const isReadSince =
      bytesFineAt !== null && new Date(bytesFineAt).getTime() - new Date(provenAt).getTime() >= DAY_MS;
    return isReadSince
      ? {
          look: 'BYTES_FINE',
          text: `bytes fine, last proven ${ago(provenAt)}`,
          detail: [...known, ...lastTry(proof)],
        }
      : { look: 'PROVEN', text: `proven ${ago(provenAt)}`, detail: [...known, ...lastTry(proof)] };
  }
  if (lastStatus === 'UNKNOWN') {
    return { look: 'UNKNOWN', text: 'never, last attempt unknown', detail: [...lastTry(proof), ...known] };
  }
  return { look: 'NEVER', text: 'never', detail: ['No restore of it was compared yet.', ...known] };
}
