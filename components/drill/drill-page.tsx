'use client';
import Link from 'next/link';
import type { Drill } from '#lib/contracts/drill.ts';
import { recordedProblem } from '#lib/client/problem-error.ts';
import { drillVerdict } from '#lib/client/drill-words.ts';
import { useDrill } from '#lib/client/use-drill.ts';
import { useVerification } from '#lib/client/use-verification.ts';
import { Instant } from '#components/ui/instant.tsx';
import { LoadState } from '#components/ui/load-state.tsx';
import { PageHeader } from '#components/ui/page-header.tsx';
import { ProblemAlert } from '#components/ui/problem-alert.tsx';
import { Section } from '#components/ui/section.tsx';
import { VerdictPanel } from '#components/ui/verdict-panel.tsx';
import { CheckList } from '#components/verification/check-list.tsx';
import { DrillFacts } from './drill-facts.tsx';
import { DrillObjectives } from './drill-objectives.tsx';
import { DrillReport } from './drill-report.tsx';
import { DrillSteps } from './drill-steps.tsx';
import { RunningDrill } from './running-drill.tsx';

/** What its verification compared; nothing where there was none, or it is gone with its backup. */
function Checks({ verificationId }: { readonly verificationId: string | null }) {
  const { data } = useVerification(verificationId);
  if (data === undefined || data.checks.length === 0) return null;
  return (
    <Section name="checks" title="What was compared">
      <CheckList checks={data.checks} foldsPassed />
    </Section>
  );
}

function Report({ drill }: { readonly drill: Drill }) {
  const { status, error, steps, report } = drill;
  const isRunning = status === 'IN_PROGRESS';
  return (
    <div className="hf-stack hf-report" data-testid="drill" data-status={status} data-id={drill.id}>
      <VerdictPanel verdict={drillVerdict(drill)} testId="drill-verdict" />
      {error !== null && (
        <ProblemAlert error={recordedProblem(error)} title="Why" isMild={status === 'UNKNOWN'} />
      )}
      {isRunning && <RunningDrill drill={drill} />}
      {!isRunning && (
        <Section name="objectives" title="Against the objectives">
          <DrillObjectives drill={drill} />
        </Section>
      )}
      {!isRunning && steps.length > 0 && (
        <Section name="steps" title="Where the time went">
          <DrillSteps drill={drill} />
        </Section>
      )}
      {report !== null && (
        <Section name="report" title="Signed report">
          <DrillReport id={drill.id} report={report} />
        </Section>
      )}
      {!isRunning && <Checks verificationId={drill.verificationId} />}
      <Section name="facts" title="About this drill">
        <DrillFacts drill={drill} />
      </Section>
    </div>
  );
}

/** One drill: its progress while it runs, and a report that stays. */
export function DrillPage({ id }: { readonly id: string }) {
  const query = useDrill(id);
  const { data } = query;
  return (
    <div className="hf-page">
      <PageHeader
        title={data === undefined ? 'Drill' : `Drill: ${data.source.name}`}
        lead={
          <>
            {data !== undefined && (
              <>
                Asked for <Instant at={data.createdAt} as="calendar" /> by{' '}
                {data.requestedBy ?? 'the schedule'}.{' '}
              </>
            )}
            <Link href="/drills" className="hf-number">
              All drills
            </Link>
          </>
        }
      />
      <LoadState
        query={query}
        title="The drill could not be loaded"
        staleTitle="The drill could not be renewed; it goes on without this page"
        rows={10}
      />
      {data !== undefined && <Report drill={data} />}
    </div>
  );
}
