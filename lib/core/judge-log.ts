/** A worker looks at the kept log every few minutes; what it saw counts for so long. */
const GOOD_FOR_MS = 20 * 60_000;

/** What is to be said of a kept write-ahead log, the worst first. */
export type LogJudgement =
  /** Nobody has looked for so long that what was seen then counts no more. */
  | { readonly kind: 'old'; readonly ageMs: number }
  /** Somebody looked, and could not see. */
  | { readonly kind: 'not-read' }
  | { readonly kind: 'not-archived'; readonly why: string }
  | { readonly kind: 'no-base' }
  | { readonly kind: 'gap'; readonly segment: string }
  /** Nothing is archived before a segment is full. */
  | { readonly kind: 'lag' }
  | { readonly kind: 'kept'; readonly from: string };

interface Reading {
  /** The newest first. What came before the newest base archive is over, and not judged. */
  readonly stretches: readonly { readonly from: string; readonly missing: string | null }[];
  readonly flaw: string | null;
  readonly archiveTimeoutSeconds: number;
}

/** `ageMs`: since a worker looked. `reading`: what it saw, null where it could see nothing. */
export function judgeLog(reading: Reading | null, ageMs: number): LogJudgement {
  if (ageMs > GOOD_FOR_MS) return { kind: 'old', ageMs };
  if (reading === null) return { kind: 'not-read' };
  const { stretches, flaw, archiveTimeoutSeconds } = reading;
  const [newest] = stretches;
  if (flaw !== null) return { kind: 'not-archived', why: flaw };
  if (newest === undefined) return { kind: 'no-base' };
  if (newest.missing !== null) return { kind: 'gap', segment: newest.missing };
  return archiveTimeoutSeconds === 0 ? { kind: 'lag' } : { kind: 'kept', from: newest.from };
}
