const DAY_MS = 24 * 3_600_000;

/**
 * Until when (a date, UTC) the runbook is to be reviewed: a period after the last review or, before there was one, after the
 * first person could have done it.
 */
export function runbookReview(
  lastReviewedOn: string | null,
  sinceAt: Date | null,
  now: Date,
  periodDays: number,
): { readonly dueOn: string; readonly isOverdue: boolean } {
  const from = lastReviewedOn === null ? (sinceAt ?? now) : new Date(`${lastReviewedOn}T00:00:00Z`);
  const dueOn = new Date(from.getTime() + periodDays * DAY_MS).toISOString().slice(0, 10);
  return { dueOn, isOverdue: now.toISOString().slice(0, 10) > dueOn };
}
