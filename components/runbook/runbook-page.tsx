'use client';
import { DownloadOutlined, PrinterOutlined } from '@ant-design/icons';
import { Button } from 'antd';
import type { RunbookResponse } from '#lib/contracts/runbook.ts';
import { useRunbook } from '#lib/client/use-runbook.ts';
import { namesOf } from '#lib/runbook/names-of.ts';
import { runbookMarkdown } from '#lib/runbook/runbook-markdown.ts';
import { scenarios } from '#lib/runbook/scenarios.ts';
import { LoadState } from '#components/ui/load-state.tsx';
import { PageHeader } from '#components/ui/page-header.tsx';
import { FinishedIncidents } from './finished-incidents.tsx';
import { Fold } from './fold.tsx';
import { RestorePoint } from './restore-point.tsx';
import { ReviewNotice } from './review-notice.tsx';
import { RunbookPeople } from './runbook-people.tsx';
import { ScenarioSection } from './scenario-section.tsx';
import { useFolds } from './use-folds.ts';

/** Made here from what the page knows already, so that it works when the server no longer answers. */
function download(data: RunbookResponse): void {
  const { communication, escalation, review } = data.settings;
  const people = { contacts: data.emergencyContacts, communication, escalation, review };
  const opening = [
    `Of ${data.source.database} on ${data.source.host}, with the names this installation had when it was downloaded. Download it again each quarter, and keep it where you can read it when nothing else works.`,
  ];
  const blob = new Blob([runbookMarkdown(namesOf(data), people, opening)], { type: 'text/markdown' });
  const link = document.createElement('a');
  link.href = URL.createObjectURL(blob);
  link.download = 'disaster-recovery-runbook.md';
  link.click();
  URL.revokeObjectURL(link.href);
}

/** What to do on the worst day: each scenario with this installation's names, and a list of who did what when. */
export function RunbookPage({ mayManage }: { readonly mayManage: boolean }) {
  const runbook = useRunbook();
  const { data } = runbook;
  return (
    <div className="hf-page hf-page-text hf-runbook">
      <PageHeader
        title="Runbook"
        lead="What to do when something is lost, with the names of this installation. Download or print it now: you may need it when this console is down."
        action={
          data !== undefined && (
            <div className="hf-row hf-no-print">
              <Button
                icon={<DownloadOutlined aria-hidden />}
                data-testid="download-runbook"
                onClick={() => {
                  download(data);
                }}
              >
                Download as Markdown
              </Button>
              <Button
                icon={<PrinterOutlined aria-hidden />}
                onClick={() => {
                  globalThis.print();
                }}
              >
                Print
              </Button>
            </div>
          )
        }
      />
      <LoadState
        query={runbook}
        title="The runbook could not be loaded"
        staleTitle="What follows may be out of date: it could not be renewed"
        rows={10}
      />
      {data !== undefined && <Runbook data={data} mayManage={mayManage} />}
    </div>
  );
}

const listed = (count: number): string => {
  if (count === 0) return 'Nobody is listed yet';
  return count === 1 ? '1 contact' : `${String(count)} contacts`;
};

function Runbook({ data, mayManage }: { readonly data: RunbookResponse; readonly mayManage: boolean }) {
  const all = scenarios(namesOf(data));
  const open = data.incidents.filter(({ finishedAt }) => finishedAt === null);
  const folds = useFolds(open.map(({ scenario }) => scenario));
  return (
    <>
      <ReviewNotice
        review={data.review}
        lastReviewedOn={data.settings.review.lastReviewedOn}
        mayManage={mayManage}
      />
      <RestorePoint data={data} />
      <div id="scenarios" className="hf-chapters">
        <Fold
          name="people"
          title="Whom to call, and what to say"
          extra={listed(data.emergencyContacts.length)}
          isOpen={folds.isOpen('people')}
          onToggle={folds.toggle}
        >
          <RunbookPeople data={data} mayManage={mayManage} />
        </Fold>
        {all.map((scenario, index) => (
          <ScenarioSection
            key={scenario.id}
            scenario={scenario}
            position={index + 1}
            incident={open.find((incident) => incident.scenario === scenario.id) ?? null}
            mayManage={mayManage}
            isOpen={folds.isOpen(scenario.id)}
            onToggle={folds.toggle}
          />
        ))}
      </div>
      <FinishedIncidents
        incidents={data.incidents.filter(({ finishedAt }) => finishedAt !== null)}
        all={all}
      />
    </>
  );
}
