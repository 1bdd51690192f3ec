'use client';
import { Button } from 'antd';
import { useState } from 'react';
import { useDrills } from '#lib/client/use-drills.ts';
import { EmptyState } from '#components/ui/empty-state.tsx';
import { LoadState } from '#components/ui/load-state.tsx';
import { PageHeader } from '#components/ui/page-header.tsx';
import { Section } from '#components/ui/section.tsx';
import { DrillPlans } from './drill-plans.tsx';
import { DrillTable } from './drill-table.tsx';
import { StartDrillDialog } from './start-drill-dialog.tsx';

/** Every rehearsal of coming back, newest first, and when the next is due. */
export function DrillsPage() {
  const drills = useDrills();
  const { data } = drills;
  const [isAsking, setAsking] = useState(false);
  return (
    <div className="hf-page">
      <PageHeader
        title="Drills"
        lead="A drill rehearses the worst day: the newest backup is fetched, restored and compared, timed against the objectives for recovery, and leaves a signed report."
        action={
          <Button
            type="primary"
            disabled={data === undefined}
            data-testid="run-drill"
            onClick={() => {
              setAsking(true);
            }}
          >
            Run a drill
          </Button>
        }
      />
      <LoadState
        query={drills}
        title="The drills could not be loaded"
        staleTitle="The drills could not be renewed"
      />
      {data !== undefined && (
        <>
          {data.data.length === 0 ? (
            <EmptyState title="No drill yet">
              <p>
                Each proof shows that a backup can be restored. A drill also shows how long it takes to be
                back and how much would be lost, held against the objectives in the settings, in a report to
                file.
              </p>
            </EmptyState>
          ) : (
            <DrillTable drills={data.data} namesSources={data.plans.length > 1} />
          )}
          <Section name="due" title="When drills are due">
            <DrillPlans plans={data.plans} />
          </Section>
        </>
      )}
      {isAsking && data !== undefined && (
        <StartDrillDialog
          plans={data.plans}
          onClose={() => {
            setAsking(false);
          }}
        />
      )}
    </div>
  );
}
