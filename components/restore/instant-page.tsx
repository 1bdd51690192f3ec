'use client';
import { Alert } from 'antd';
import Link from 'next/link';
import type { ReactNode } from 'react';
import type { LogState } from '#lib/contracts/log.ts';
import { logVerdict } from '#lib/client/log-verdict.ts';
import { recordedProblem } from '#lib/client/problem-error.ts';
import { useLog } from '#lib/client/use-log.ts';
import { useNow } from '#lib/client/use-now.ts';
import { Instant } from '#components/ui/instant.tsx';
import { LoadState } from '#components/ui/load-state.tsx';
import { PageHeader } from '#components/ui/page-header.tsx';
import { ProblemAlert } from '#components/ui/problem-alert.tsx';
import { Section } from '#components/ui/section.tsx';
import { VerdictPanel } from '#components/ui/verdict-panel.tsx';
import { BaseArchives } from './base-archives.tsx';
import { LogSetup } from './log-setup.tsx';
import { RecoveryForm } from './recovery-form.tsx';

function Kept({ state }: { readonly state: LogState }): ReactNode {
  const now = useNow();
  const { readAt, reading, error } = state;
  if (error !== null)
    return <ProblemAlert error={recordedProblem(error)} title="The kept log could not be looked at" isMild />;
  if (reading === null || readAt === null)
    return (
      <Alert
        type="info"
        showIcon
        title="No worker has looked at the kept log yet"
        description="A worker that runs looks at it when it starts, and every five minutes."
      />
    );
  const verdict = now === null ? null : logVerdict(state, now);
  const [newest, ...older] = reading.stretches;
  return (
    <>
      {verdict !== null && <VerdictPanel verdict={verdict} testId="log-verdict" />}
      <p className="hf-muted">
        A worker looked <Instant at={readAt} />.
      </p>
      {newest !== undefined && (
        <>
          <Section name="recovery" title="Bring it back">
            <RecoveryForm stretches={[newest, ...older]} />
          </Section>
          <Section name="base-archives" title="What can be reached">
            <BaseArchives stretches={reading.stretches} />
          </Section>
        </>
      )}
    </>
  );
}

/** From when to when the server can be brought back to any instant, and how. */
export function InstantPage() {
  const query = useLog();
  const { data } = query;
  return (
    <div className="hf-page">
      <PageHeader
        title="Back to an instant"
        lead={
          <>
            The whole server as it was at any instant, from a base archive and the log that is kept since.{' '}
            <Link href="/restores" className="hf-number">
              All restores
            </Link>
          </>
        }
      />
      <LoadState
        query={query}
        title="What is kept could not be loaded"
        staleTitle="What is kept could not be renewed"
      />
      {data !== undefined && (data.isKept ? <Kept state={data} /> : <LogSetup />)}
    </div>
  );
}
