'use client';
import { useState } from 'react';
import type { BackupRow } from '#lib/contracts/backup.ts';
import { useBackupHistory } from '#lib/client/use-backup-history.ts';
import { useOverview } from '#lib/client/use-overview.ts';
import { PageHeader } from '#components/ui/page-header.tsx';
import { ProblemAlert } from '#components/ui/problem-alert.tsx';
import { VerifyDialog } from '#components/verification/verify-dialog.tsx';
import { BackupDrawer } from './backup-drawer.tsx';
import { CreateBackupButton } from './create-backup-button.tsx';
import { DeleteDialog } from './delete-dialog.tsx';
import { HistorySection } from './history-section.tsx';
import { OutcomeAlert } from './outcome-alert.tsx';
import { RebuildDialog } from './rebuild-dialog.tsx';
import { RestoreInstructions } from './restore-instructions.tsx';
import type { RowActionHandlers } from './row-actions.tsx';
import { RunningBackup } from './running-backup.tsx';
import { SummaryCard } from './summary-card.tsx';
import { useFinishedBackups } from './use-finished-backups.ts';
import { useHistorySearch, useOpenBackup } from './use-history-search.ts';

/** BR-009: summary, trigger, what runs now, history, restore instructions. */
export function BackupPage() {
  const state = useHistorySearch();
  const [open, setOpen] = useOpenBackup();
  const overview = useOverview();
  const history = useBackupHistory(state.search);
  const { finished, dismiss } = useFinishedBackups(overview.data?.running);
  const [deleting, setDeleting] = useState<BackupRow | null>(null);
  const [verifying, setVerifying] = useState<BackupRow | null>(null);
  const [isRebuilding, setIsRebuilding] = useState(false);
  const [problem, setProblem] = useState<unknown>(null);

  const running = overview.data?.running ?? [];
  const sources = overview.data?.sources ?? [];
  // The summary's numbers are of one source or of all: so is the newest backup beside them.
  const newest = sources
    .filter(({ id }) => state.search.source === null || id === state.search.source)
    .flatMap(({ newestGood }) => newestGood ?? [])
    .toSorted((a, b) => b.createdAt.localeCompare(a.createdAt))[0];
  const handlers: RowActionHandlers = {
    newestGoodIds: sources.flatMap(({ newestGood }) => newestGood?.id ?? []),
    onProblem: setProblem,
    onAskDelete: setDeleting,
    onAskVerify: setVerifying,
  };
  const openDetails = (id: string) => {
    setOpen({ id });
  };

  return (
    <div className="hf-page">
      <PageHeader
        title="Backups"
        lead="Take a backup, follow it, and get any of them back."
        action={<CreateBackupButton running={running} />}
      />
      {finished.map((id) => (
        <OutcomeAlert key={id} id={id} onOpen={openDetails} onClose={dismiss} />
      ))}
      {overview.isError && overview.data === undefined && history.data !== undefined && (
        <ProblemAlert error={overview.error} title="Whether a backup is running is not known" />
      )}
      {running.map((row) => (
        <RunningBackup key={row.id} row={row} mayCancel isSourceShown={sources.length > 1} />
      ))}
      {!(history.isError && history.data === undefined) && (
        <SummaryCard summary={history.data?.summary} newest={newest} />
      )}
      {problem !== null && open.id === null && <ProblemAlert error={problem} title="That was refused" />}
      <HistorySection
        sources={sources}
        history={history}
        state={state}
        handlers={handlers}
        onOpen={openDetails}
        onRebuild={() => {
          setIsRebuilding(true);
        }}
      />
      {/* Below rows that are still to come it would jump away; where they do not come it is needed most. */}
      {(!history.isPending || history.failureCount > 0) && (
        <RestoreInstructions source={state.search.source} />
      )}
      <BackupDrawer
        open={open}
        handlers={handlers}
        problem={problem}
        onChange={setOpen}
        onClose={() => {
          setProblem(null);
          setOpen({ id: null });
        }}
      />
      {verifying !== null && (
        <VerifyDialog
          row={verifying}
          onStarted={() => {
            setVerifying(null);
            setOpen({ id: verifying.id, tab: 'checks' });
          }}
          onClose={() => {
            setVerifying(null);
          }}
        />
      )}
      {isRebuilding && (
        <RebuildDialog
          onClose={() => {
            setIsRebuilding(false);
          }}
        />
      )}
      {deleting !== null && (
        <DeleteDialog
          row={deleting}
          onClose={() => {
            setDeleting(null);
          }}
        />
      )}
    </div>
  );
}
