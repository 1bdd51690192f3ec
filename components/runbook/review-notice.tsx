import { Alert } from 'antd';
import Link from 'next/link';
import type { RunbookResponse } from '#lib/contracts/runbook.ts';

/** When the quarterly review is due; a warning once it is overdue. */
export function ReviewNotice({
  review,
  lastReviewedOn,
  mayManage,
}: {
  readonly review: RunbookResponse['review'];
  readonly lastReviewedOn: string | null;
  readonly mayManage: boolean;
}) {
  const last =
    lastReviewedOn === null ? 'It was never reviewed.' : `It was last reviewed on ${lastReviewedOn}.`;
  if (!review.isOverdue) {
    return (
      <p className="hf-muted" data-testid="review" data-status="fine">
        {last} The next quarterly review is due by {review.dueOn}.
      </p>
    );
  }
  return (
    <Alert
      type="warning"
      showIcon
      data-testid="review"
      data-status="overdue"
      title={`The quarterly review was due on ${review.dueOn}`}
      description={
        <>
          {last} Read it through, correct names, people and commands, and then{' '}
          {mayManage ? (
            <Link href="/settings/general#runbook-review">note the review in the settings</Link>
          ) : (
            'ask an administrator to note the review'
          )}
          .
        </>
      }
    />
  );
}
