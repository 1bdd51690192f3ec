'use client';
import { Button, Skeleton } from 'antd';
import type { BackupRow } from '#lib/contracts/backup.ts';
import { useVerification } from '#lib/client/use-verification.ts';
import { useVerifications } from '#lib/client/use-verifications.ts';
import { EmptyState } from '#components/ui/empty-state.tsx';
import { ProblemAlert } from '#components/ui/problem-alert.tsx';
import { VerificationChoice } from './verification-choice.tsx';
import { VerificationReport } from './verification-report.tsx';

/** The newest verification of a backup, or the one chosen among the earlier ones. */
export function ChecksTab({
  row,
  chosenId,
  onChoose,
  onAskVerify,
}: {
  readonly row: BackupRow;
  readonly chosenId: string | null;
  readonly onChoose: (id: string) => void;
  readonly onAskVerify: (row: BackupRow) => void;
}) {
  const list = useVerifications(row.id);
  const id = chosenId ?? list.data?.data[0]?.id ?? row.proof.lastVerificationId;
  const one = useVerification(id);
  const failed = [one, list].find(({ isError, data }) => isError && data === undefined);
  if (id === null) {
    if (list.isPending) return <Skeleton active title={false} paragraph={{ rows: 6 }} />;
    if (!list.isError) {
      return (
        <EmptyState
          title="Never verified"
          action={
            row.status === 'COMPLETED' && (
              <Button
                type="primary"
                onClick={() => {
                  onAskVerify(row);
                }}
              >
                Verify now
              </Button>
            )
          }
        >
          A verification reads the stored copy again, decodes it, and restores it into a place of its own.
          Every check with what was expected and what was found appears here.
        </EmptyState>
      );
    }
  }
  return (
    <div className="hf-stack">
      {failed !== undefined && (
        <ProblemAlert
          error={failed.error}
          title="The verification could not be loaded"
          isRetrying={failed.isFetching}
          onRetry={() => {
            void failed.refetch();
          }}
        />
      )}
      {id !== null && list.data !== undefined && (
        <VerificationChoice verifications={list.data.data} value={id} onChange={onChoose} />
      )}
      {one.data === undefined && failed === undefined && (
        <Skeleton active title={false} paragraph={{ rows: 6 }} />
      )}
      {one.data !== undefined && <VerificationReport key={one.data.id} verification={one.data} />}
    </div>
  );
}
