'use client';
import Link from 'next/link';
import type { Drill } from '#lib/contracts/drill.ts';
import { dataLossText, recoveryText, rpoText, rtoText } from '#lib/client/drill-words.ts';
import { CardFacts } from '#components/ui/card-facts.tsx';
import { DataList } from '#components/ui/data-list.tsx';
import { InstantText, InstantTip } from '#components/ui/instant.tsx';
import { MiddleCut } from '#components/ui/middle-cut.tsx';
import { Paged } from '#components/ui/paged.tsx';
import { VerdictMark } from '#components/verification/verdict-mark.tsx';

const PAGE = 50;

function When({ drill }: { readonly drill: Drill }) {
  return (
    <InstantTip at={drill.createdAt}>
      <Link href={`/drills/${drill.id}`} className="hf-link" data-testid="open-drill">
        <InstantText at={drill.createdAt} as="calendar" />
      </Link>
    </InstantTip>
  );
}

/** A measured value above the objective it was held against. */
function Measured({ value, objective }: { readonly value: string; readonly objective: string }) {
  return (
    <div>
      <span className="hf-number">{value}</span>
      <span className="hf-help hf-number">of {objective}</span>
    </div>
  );
}

function From({ drill }: { readonly drill: Drill }) {
  return drill.backup === null ? (
    <span className="hf-muted">No backup</span>
  ) : (
    <MiddleCut text={drill.backup.filename} />
  );
}

const by = ({ requestedBy }: Drill): string => requestedBy ?? 'the schedule';
const ended = (drill: Drill, text: string): string => (drill.status === 'IN_PROGRESS' ? '–' : text);

/** The drills; each leads to its report. */
export function DrillTable({
  drills,
  namesSources,
}: {
  readonly drills: readonly Drill[] | undefined;
  /** Where there is more than one source. */
  readonly namesSources: boolean;
}) {
  return (
    <Paged rows={drills ?? []} size={PAGE} label="Pages of the drills">
      {(shown) => (
        <DataList<Drill>
          label="Drills"
          rows={drills === undefined ? undefined : shown}
          rowKey={({ id }) => id}
          onRow={({ id, status }) =>
            ({ 'data-testid': 'drill-row', 'data-id': id, 'data-status': status }) as object
          }
          columns={[
            {
              key: 'when',
              title: 'Started',
              className: 'hf-number',
              render: (_, drill) => <When drill={drill} />,
            },
            ...(namesSources
              ? [
                  {
                    key: 'source',
                    title: 'Source',
                    render: (_: unknown, { source }: Drill) => <span className="hf-wrap">{source.name}</span>,
                  },
                ]
              : []),
            {
              key: 'backup',
              title: 'Came back from',
              width: '24%',
              render: (_, drill) => <From drill={drill} />,
            },
            { key: 'by', title: 'By', render: (_, drill) => <span className="hf-wrap">{by(drill)}</span> },
            {
              key: 'recovery',
              title: 'Recovery',
              render: (_, drill) => (
                <Measured value={ended(drill, recoveryText(drill))} objective={rtoText(drill)} />
              ),
            },
            {
              key: 'loss',
              title: 'Data lost',
              render: (_, drill) => (
                <Measured value={ended(drill, dataLossText(drill))} objective={rpoText(drill)} />
              ),
            },
            { key: 'state', title: 'Outcome', render: (_, { status }) => <VerdictMark status={status} /> },
          ]}
          card={(drill) => (
            <article
              className="hf-card"
              data-testid="drill-row"
              data-id={drill.id}
              data-status={drill.status}
            >
              <div className="hf-card-head">
                <When drill={drill} />
                <VerdictMark status={drill.status} />
              </div>
              {namesSources && <span className="hf-wrap">{drill.source.name}</span>}
              <From drill={drill} />
              <CardFacts
                facts={[
                  ['Recovery', `${ended(drill, recoveryText(drill))} of ${rtoText(drill)}`],
                  ['Data lost', `${ended(drill, dataLossText(drill))} of ${rpoText(drill)}`],
                  ['By', by(drill)],
                ]}
              />
            </article>
          )}
        />
      )}
    </Paged>
  );
}
