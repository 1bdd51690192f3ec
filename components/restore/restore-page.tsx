'use client';
import Link from 'next/link';
import type { Restore } from '#lib/contracts/restore.ts';
import { recordedProblem } from '#lib/client/problem-error.ts';
import { restoreReportVerdict } from '#lib/client/path-restore-verdict.ts';
import { useRestore } from '#lib/client/use-restore.ts';
import { CopyButton } from '#components/ui/copy-button.tsx';
import { Instant } from '#components/ui/instant.tsx';
import { LoadState } from '#components/ui/load-state.tsx';
import { PageHeader } from '#components/ui/page-header.tsx';
import { ProblemAlert } from '#components/ui/problem-alert.tsx';
import { Section } from '#components/ui/section.tsx';
import { TextRegion } from '#components/ui/text-region.tsx';
import { VerdictPanel } from '#components/ui/verdict-panel.tsx';
import { CheckList } from '#components/verification/check-list.tsx';
import { BroughtTables } from './brought-tables.tsx';
import { ExchangeSection } from './exchange-section.tsx';
import { LookSection } from './look-section.tsx';
import { RestoreFacts } from './restore-facts.tsx';
import { RestoreProgress } from './restore-progress.tsx';
import { TablesUndoSection } from './tables-undo-section.tsx';
import { WayBackSection } from './way-back-section.tsx';

/** Whether there is a copy beside something to look at; into a snapshot of keys nobody can. */
const canLook = ({ sourceKind, status, progress, copyDatabase, swap, mode }: Restore): boolean => {
  if (sourceKind === 'redis') return false;
  const isMoving = status === 'IN_PROGRESS' && progress?.phase !== 'ready';
  return !isMoving && (copyDatabase !== null || swap !== null || (status === 'COMPLETED' && mode === 'new'));
};

function Report({ restore }: { readonly restore: Restore }) {
  const { status, error, checks, log } = restore;
  const isMoving = status === 'IN_PROGRESS';
  return (
    <div className="hf-stack hf-report" data-testid="restore" data-status={status} data-id={restore.id}>
      <VerdictPanel verdict={restoreReportVerdict(restore)} testId="restore-verdict" />
      {error !== null && error.code !== 'cancelled' && (
        <ProblemAlert
          error={recordedProblem(error)}
          title={status === 'FAILED' ? 'Why' : 'One thing did not work'}
          isMild={status !== 'FAILED'}
        />
      )}
      {isMoving && <RestoreProgress restore={restore} />}
      <ExchangeSection restore={restore} />
      <TablesUndoSection restore={restore} />
      <WayBackSection restore={restore} />
      <BroughtTables restore={restore} />
      {canLook(restore) && <LookSection restore={restore} />}
      {checks.length > 0 && (
        <Section name="checks" title="What was compared">
          <CheckList checks={checks} foldsPassed />
        </Section>
      )}
      <Section name="facts" title="About this restore">
        <RestoreFacts restore={restore} />
      </Section>
      {log !== '' && (
        <Section name="log" title="Log">
          <TextRegion label="Log of the restore" text={log} actions={<CopyButton text={log} what="log" />} />
        </Section>
      )}
    </div>
  );
}

/** One restore: its progress while it runs, a report that stays, and the way back. */
export function RestorePage({ id }: { readonly id: string }) {
  const query = useRestore(id);
  const { data } = query;
  return (
    <div className="hf-page">
      <PageHeader
        title={data === undefined ? 'Restore' : `Restore: ${data.targetDatabase}`}
        lead={
          <>
            {data !== undefined && (
              <>
                Asked for <Instant at={data.createdAt} as="calendar" /> by {data.requestedBy}.{' '}
              </>
            )}
            <Link href="/restores" className="hf-number">
              All restores
            </Link>
          </>
        }
      />
      <LoadState
        query={query}
        title="The restore could not be loaded"
        staleTitle="The restore could not be renewed; it goes on without this page"
        rows={10}
      />
      {data !== undefined && <Report restore={data} />}
    </div>
  );
}
