'use client';
import { Drawer } from 'antd';
import Link from 'next/link';
import { recordedProblem } from '#lib/client/problem-error.ts';
import { useBackup } from '#lib/client/use-backup.ts';
import { ProofTag } from '#components/verification/proof-tag.tsx';
import { Verifying } from '#components/verification/verifying.tsx';
import { LoadState } from '#components/ui/load-state.tsx';
import { ProblemAlert } from '#components/ui/problem-alert.tsx';
import { BackupTabs } from './backup-tabs.tsx';
import { KeptCopy } from './kept-copy.tsx';
import { RowActions, type RowActionHandlers } from './row-actions.tsx';
import { RunningBackup } from './running-backup.tsx';
import { StatusTag } from './status-tag.tsx';
import type { OpenBackup } from './use-history-search.ts';

/** Everything the catalogue knows of one backup. Open while `open.id` is set; Esc closes it. */
export function BackupDrawer({
  open,
  handlers,
  problem,
  onChange,
  onClose,
}: {
  readonly open: OpenBackup;
  readonly handlers: RowActionHandlers;
  /** What the last action of this drawer was refused for. */
  readonly problem: unknown;
  readonly onChange: (next: Pick<Partial<OpenBackup>, 'tab' | 'verificationId'>) => void;
  readonly onClose: () => void;
}) {
  const backup = useBackup(open.id);
  const { data } = backup;
  // The checks tab shows it by itself.
  const verifyingId =
    data?.proof.lastStatus === 'IN_PROGRESS' && open.tab !== 'checks' ? data.proof.lastVerificationId : null;
  return (
    <Drawer
      open={open.id !== null}
      onClose={onClose}
      title="Backup details"
      size={800}
      rootClassName="hf-drawer"
      data-testid="backup-drawer"
    >
      <LoadState query={backup} title="The details could not be loaded" />
      {data !== undefined && (
        <div className="hf-stack" data-testid="backup-detail" data-status={data.status} data-id={data.id}>
          <div className="hf-drawer-head">
            <h2 className="hf-wrap">{data.filename}</h2>
            <div className="hf-row">
              <StatusTag status={data.status} />
              {data.status === 'COMPLETED' && <ProofTag row={data} />}
            </div>
          </div>
          {data.error !== null && (
            <ProblemAlert
              title={data.error.code === 'cancelled' ? 'This backup was cancelled' : 'This backup failed'}
              error={recordedProblem(data.error)}
            />
          )}
          {data.status === 'IN_PROGRESS' && <RunningBackup row={data} mayCancel />}
          {verifyingId !== null && <Verifying id={verifyingId} />}
          {data.status === 'FAILED' && <KeptCopy backup={data} onProblem={handlers.onProblem} />}
          {(data.status === 'COMPLETED' || data.status === 'FAILED') && (
            <RowActions row={data} handlers={handlers} size="middle" />
          )}
          {data.status === 'COMPLETED' && (
            <p>
              <Link
                href={`/settings/backup/compare?b=${data.id}`}
                className="hf-link"
                data-testid="compare-with"
              >
                Compare with another backup
              </Link>
            </p>
          )}
          {problem !== null && <ProblemAlert error={problem} />}
          <BackupTabs backup={data} open={open} onChange={onChange} onAskVerify={handlers.onAskVerify} />
        </div>
      )}
    </Drawer>
  );
}
