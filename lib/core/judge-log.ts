/** What is to be said of a kept write-ahead log, the worst first. */
export type LogJudgement =
  | { readonly kind: 'not-archived'; readonly why: string }
  | { readonly kind: 'no-base' }
  | { readonly kind: 'gap'; readonly segment: string }
  /** Nothing is archived before a segment is full. */
  | { readonly kind: 'lag' }
  | { readonly kind: 'kept'; readonly from: string };

/** `stretches`: the newest first. What came before the newest base archive is over, and not judged. */
export function judgeLog({
  stretches,
  flaw,
  archiveTimeoutSeconds,
}: {
  readonly stretches: readonly { readonly from: string; readonly missing: string | null }[];
  readonly flaw: string | null;
  readonly archiveTimeoutSeconds: number;
}): LogJudgement {
  const [newest] = stretches;
  if (flaw !== null) return { kind: 'not-archived', why: flaw };
  if (newest === undefined) return { kind: 'no-base' };
  if (newest.missing !== null) return { kind: 'gap', segment: newest.missing };
  return archiveTimeoutSeconds === 0 ? { kind: 'lag' } : { kind: 'kept', from: newest.from };
}
