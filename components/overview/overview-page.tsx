'use client';
import Link from 'next/link';
import { parseAsString, useQueryState } from 'nuqs';
import type { Overview } from '#lib/contracts/overview.ts';
import { useOverview } from '#lib/client/use-overview.ts';
import { RunningBackup } from '#components/backup/running-backup.tsx';
import { LoadState } from '#components/ui/load-state.tsx';
import { PageHeader } from '#components/ui/page-header.tsx';
import { Section } from '#components/ui/section.tsx';
import { SourceFilter } from '#components/source/source-filter.tsx';
import { RecentStrip } from './recent-strip.tsx';
import { Verifying } from '#components/verification/verifying.tsx';
import { SourcesList } from './sources-list.tsx';
import { Targets } from './targets.tsx';
import { TroubleList } from './trouble-list.tsx';
import { VerdictBanner } from './verdict-banner.tsx';

/** The checks, but for what the first sentence says already while there is no restore point. */
function untold({ newestGood, newestProven, recent, checks, source }: Overview): Overview['checks'] {
  if (newestGood !== null || newestProven !== null) return checks;
  const hasRun = recent.some(({ status }) => status !== 'IN_PROGRESS');
  return checks.filter(
    (check) =>
      // What is wrong with another source no sentence has said.
      (check.source !== null && check.source.id !== source.id) ||
      (check.name !== 'recovery-point' && (hasRun || (check.name !== 'last-run' && check.name !== 'proof'))),
  );
}

/** Are we safe? Since when? What is wrong? What do I do next? In this order. */
export function OverviewPage({ mayManage }: { readonly mayManage: boolean }) {
  const [source, setSource] = useQueryState('source', parseAsString.withOptions({ history: 'push' }));
  const overview = useOverview(source);
  const { data } = overview;
  return (
    <div className="hf-page">
      <PageHeader
        title="Overview"
        action={
          <SourceFilter
            sources={data?.sources ?? []}
            value={source}
            onChange={(next) => {
              void setSource(next);
            }}
          />
        }
      />
      <LoadState
        query={overview}
        title="Whether you are safe is not known: the overview could not be loaded"
        staleTitle="What follows may be out of date: it could not be renewed"
        rows={10}
      />
      {overview.isError && data === undefined && source !== null && (
        <p>
          <Link href="/" className="hf-link">
            Show all sources
          </Link>
        </p>
      )}
      {data !== undefined && (
        <>
          <VerdictBanner overview={data} isOfOne={source !== null} mayManage={mayManage} />
          <TroubleList checks={untold(data)} mayManage={mayManage} />
          {data.running.map((row) => (
            <RunningBackup
              key={row.id}
              row={row}
              mayCancel={mayManage}
              isSourceShown={data.sources.length > 1}
            />
          ))}
          {mayManage && data.verifying !== null && <Verifying id={data.verifying.id} />}
          {data.sources.length > 1 && (
            <Section name="sources" title="Sources">
              <SourcesList overview={data} mayManage={mayManage} />
            </Section>
          )}
          <Section name="recent" title="Recent backups">
            <RecentStrip
              recent={data.recent}
              mayManage={mayManage}
              isSourceShown={data.sources.length > 1 && source === null}
            />
          </Section>
          <Section name="targets" title="Recovery targets">
            <Targets overview={data} isOfOne={source !== null} />
          </Section>
        </>
      )}
    </div>
  );
}
