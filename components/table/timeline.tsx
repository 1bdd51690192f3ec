'use client';
import { Alert } from 'antd';
import Link from 'next/link';
import type { TableList, TableTimeline, TimelinePoint } from '#lib/contracts/timeline.ts';
import { plainInstant } from '#lib/client/instants.ts';
import { newRestoreHref } from '#lib/client/restore-plan.ts';
import { dropsOf, percentText, type Drop } from '#lib/client/timeline-drops.ts';
import { useTimeline } from '#lib/client/use-tables.ts';
import { EmptyState } from '#components/ui/empty-state.tsx';
import { Instant } from '#components/ui/instant.tsx';
import { LineChart, type ChartPoint } from '#components/ui/line-chart.tsx';
import { LoadState } from '#components/ui/load-state.tsx';
import { Section } from '#components/ui/section.tsx';
import { TimelineTable } from './timeline-table.tsx';

const rowsText = (rows: number): string => (rows === 1 ? '1 row' : `${rows.toLocaleString('en')} rows`);

export const backupHref = (id: string): string => `/settings/backup?backup=${id}&tab=tables`;

function chartPoint(point: TimelinePoint): ChartPoint {
  const change = point.changePercent === null ? '' : `, ${percentText(point.changePercent)}`;
  return {
    key: point.backupId,
    at: new Date(point.takenAt),
    value: point.rows,
    isSure: point.isProven,
    mark: point.isDrop && point.changePercent !== null ? percentText(point.changePercent) : null,
    label: `${plainInstant(new Date(point.takenAt))}: ${point.rows === null ? 'rows unknown' : rowsText(point.rows)}${change}${point.isProven ? ', proven' : ', not proven'}${point.isDrop ? ', marked fall' : ''}`,
    href: backupHref(point.backupId),
  };
}

function DropLine({ drop, table }: { readonly drop: Drop; readonly table: string }) {
  const { at, before, lostRows } = drop;
  return (
    <li className="hf-drop" data-testid="drop">
      <p>
        <strong>
          {percentText(at.changePercent ?? 0)}: {rowsText(lostRows)} fewer
        </strong>{' '}
        in the backup of{' '}
        <Link href={backupHref(at.backupId)} className="hf-link">
          {plainInstant(new Date(at.takenAt))}
        </Link>
        , which has {rowsText(at.rows ?? 0)}.
      </p>
      <p>
        The last backup that still had {rowsText(before.rows ?? 0)}:{' '}
        <Link href={backupHref(before.backupId)} className="hf-link" data-testid="last-before-drop">
          {plainInstant(new Date(before.takenAt))}
        </Link>
        , <Instant at={before.takenAt} />, {before.isProven ? 'proven' : 'not proven'}
        {before.status !== 'COMPLETED' && ', no longer kept'}.
      </p>
      {before.status === 'COMPLETED' && (
        <p>
          <Link
            href={newRestoreHref(before.backupId, table)}
            className="hf-link"
            data-testid="restore-before-drop"
          >
            Restore that backup
          </Link>{' '}
          beside the database in use, and look at the rows; or{' '}
          <Link
            href={newRestoreHref(before.backupId, table, 'table')}
            className="hf-link"
            data-testid="restore-table-before-drop"
          >
            bring back this table alone
          </Link>
          .
        </p>
      )}
    </li>
  );
}

function described({ points, schema, name }: TableTimeline, drops: number): string {
  const known = points.filter(({ rows }) => rows !== null);
  const counts = known.map(({ rows }) => rows ?? 0);
  return `${String(points.length)} backups of ${schema}.${name}, from ${rowsText(Math.min(...counts))} to ${rowsText(Math.max(...counts))}; ${String(drops)} marked. Arrow keys go from backup to backup, Enter opens it. The same numbers stand in the table below.`;
}

/** The line, the falls, and the same numbers as a table. */
export function Timeline({
  source,
  name,
  dropPercent,
  known,
}: {
  /** Null for the environment's own. */
  readonly source: string | null;
  readonly name: string;
  readonly dropPercent: number;
  /** What the list of tables says of it; undefined where it does not list it. */
  readonly known: TableList['data'][number] | undefined;
}) {
  const timeline = useTimeline(source, name, dropPercent);
  const { data } = timeline;
  if (data === undefined) return <LoadState query={timeline} title="The timeline could not be loaded" />;
  const drops = dropsOf(data);
  const hasRows = data.points.some(({ rows }) => rows !== null);
  return (
    <div className="hf-stack" data-testid="timeline" data-name={name} data-drops={drops.length}>
      {known?.isInNewest === false && (
        <Alert
          type="warning"
          showIcon
          title="The newest backup has no such table any more"
          description={
            <>
              It was last seen in a backup <Instant at={known.lastSeenAt} />.
            </>
          }
        />
      )}
      <Section name="timeline" title={`Rows of ${name}`}>
        {hasRows ? (
          <>
            <LineChart
              title={`Rows of ${name} over time`}
              description={described(data, drops.length)}
              points={data.points.map(chartPoint)}
              hint={
                data.points.length === 1
                  ? 'One backup so far; the line begins with the second.'
                  : 'Point at a backup, or use the arrow keys, to read it.'
              }
            />
            <ul className="hf-chart-legend hf-muted">
              <li>
                <span className="hf-key" data-sure="true" aria-hidden /> proven
              </li>
              <li>
                <span className="hf-key" data-sure="false" aria-hidden /> not proven
              </li>
              <li>
                <span className="hf-key" data-marked="true" aria-hidden /> fell by more than {dropPercent} %
              </li>
            </ul>
          </>
        ) : (
          <EmptyState title="No backup knows its rows">
            {data.points.length === 0
              ? 'No whole backup holds this table.'
              : 'The table below lists the backups that hold it; why a count is missing stands in each manifest.'}
          </EmptyState>
        )}
      </Section>
      {hasRows && (
        <Section name="drops" title={drops.length === 0 ? 'No marked fall' : 'Where it fell'}>
          {drops.length === 0 ? (
            <p className="hf-muted">
              From no backup to the next did it lose more than {dropPercent} % of its rows.
            </p>
          ) : (
            <ul className="hf-stack">
              {drops.map((drop) => (
                <DropLine key={drop.at.backupId} drop={drop} table={name} />
              ))}
            </ul>
          )}
        </Section>
      )}
      {data.points.length > 0 && (
        <Section name="points" title="Every backup">
          <TimelineTable points={data.points} />
        </Section>
      )}
    </div>
  );
}
