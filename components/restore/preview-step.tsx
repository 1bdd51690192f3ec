'use client';
import { Button, Spin } from 'antd';
import type { BackupDetail } from '#lib/contracts/backup.ts';
import type { RestorePlan } from '#lib/contracts/restore.ts';
import { modeWordOf } from '#lib/client/restore-kind-words.ts';
import { intoWord } from '#lib/client/restore-words.ts';
import { Instant } from '#components/ui/instant.tsx';
import { ProblemAlert } from '#components/ui/problem-alert.tsx';
import { PreviewView } from './preview-view.tsx';
import { StepEnd } from './step-end.tsx';
import { useRestorePreview } from './use-restore-preview.ts';

/** A worker looks at the server and says what would happen; nothing is written. */
export function PreviewStep({
  backup,
  plan,
  onBack,
  onNext,
}: {
  readonly backup: BackupDetail;
  readonly plan: RestorePlan;
  readonly onBack: () => void;
  readonly onNext: () => void;
}) {
  const { data, isError, error, isFetching, refetch } = useRestorePreview(backup.id, plan);
  const chosen = plan.tables ?? plan.paths;
  const again = () => {
    void refetch();
  };
  return (
    <>
      <p className="hf-muted">
        {chosen === undefined ? (
          'The '
        ) : (
          <>
            <strong className="hf-wrap">{chosen.join(', ')}</strong> out of the{' '}
          </>
        )}
        backup of <Instant at={backup.createdAt} as="calendar" />,{' '}
        {(plan.tablesInto === undefined
          ? modeWordOf(backup.sourceKind, plan.mode)
          : intoWord[plan.tablesInto]
        ).toLowerCase()}
        {plan.tablesInto === undefined ? ': ' : ' in '}
        <strong className="hf-wrap">{plan.targetDatabase}</strong>
      </p>
      <div role="status" className={isFetching ? 'hf-asking' : 'hf-visually-hidden'}>
        {isFetching ? (
          <>
            <Spin size="small" /> A worker is looking at where it would go. This takes up to 20 seconds and
            changes nothing.
          </>
        ) : (
          data !== undefined && 'The preview is there.'
        )}
      </div>
      {isError && !isFetching && (
        <ProblemAlert error={error} title="What would happen could not be found out" onRetry={again} />
      )}
      {data !== undefined && <PreviewView preview={data} />}
      <StepEnd untouched="Nothing has been touched. It was only looked at." onBack={onBack}>
        {data !== undefined && (
          <Button onClick={again} disabled={isFetching}>
            Look again
          </Button>
        )}
        {data?.canStart === true && !isError && (
          <Button type="primary" onClick={onNext} disabled={isFetching} data-testid="next-step">
            Go on to confirm
          </Button>
        )}
      </StepEnd>
    </>
  );
}
