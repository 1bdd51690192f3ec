'use client';
import {
  CheckCircleFilled,
  ExclamationCircleFilled,
  MinusCircleOutlined,
  QuestionCircleFilled,
  WarningFilled,
} from '@ant-design/icons';
import Link from 'next/link';
import type { ReactNode } from 'react';
import type { Overview, OverviewSource } from '#lib/contracts/overview.ts';
import { sourceStateWord, worstCheckOf } from '#lib/client/source-words.ts';
import { CardFacts } from '#components/ui/card-facts.tsx';
import { DataList } from '#components/ui/data-list.tsx';
import { Instant } from '#components/ui/instant.tsx';
import { SourceMark } from '#components/source/kind-mark.tsx';

const icons: Record<NonNullable<OverviewSource['state']>, ReactNode> = {
  OK: <CheckCircleFilled aria-hidden />,
  WARNING: <WarningFilled aria-hidden />,
  CRITICAL: <ExclamationCircleFilled aria-hidden />,
  UNKNOWN: <QuestionCircleFilled aria-hidden />,
};

function State({ source: { state } }: { readonly source: OverviewSource }) {
  if (state === null) {
    return (
      <span className="hf-muted">
        <MinusCircleOutlined aria-hidden /> Disabled, not judged
      </span>
    );
  }
  return (
    <span className="hf-source-state" data-status={state}>
      {icons[state]} {sourceStateWord[state]}
    </span>
  );
}

function Proven({ source: { newestProven } }: { readonly source: OverviewSource }) {
  if (newestProven === null) return <>None</>;
  return <Instant at={newestProven.createdAt} as="calendar" />;
}

function Age({ source: { newestProven } }: { readonly source: OverviewSource }) {
  return newestProven === null ? <>–</> : <Instant at={newestProven.createdAt} />;
}

/** Every source with its newest proven restore point, how it stands, and what to do about it. */
export function SourcesList({
  overview,
  mayManage,
}: {
  readonly overview: Overview;
  readonly mayManage: boolean;
}) {
  const { sources, checks } = overview;
  const name = (source: OverviewSource) => (
    <SourceMark kind={source.kind}>
      <Link href={`/?source=${source.id}`} className="hf-link">
        {source.name}
      </Link>
    </SourceMark>
  );
  const action = (source: OverviewSource) => {
    const worst = worstCheckOf(checks, source.id);
    if (worst?.action == null)
      return source.state === 'OK' ? <span className="hf-muted">Nothing</span> : name(source);
    return mayManage ? (
      <Link href={worst.action.href} className="hf-link">
        {worst.action.label}
      </Link>
    ) : (
      <span className="hf-muted">Ask an administrator</span>
    );
  };
  return (
    <DataList<OverviewSource>
      label="Sources"
      rows={sources}
      rowKey={({ id }) => id}
      onRow={(source) => ({ 'data-testid': 'overview-source', 'data-status': source.state }) as object}
      columns={[
        { key: 'name', title: 'Source', render: (_, source) => name(source) },
        { key: 'state', title: 'State', render: (_, source) => <State source={source} /> },
        {
          key: 'proven',
          title: 'Newest proven restore point',
          render: (_, source) => <Proven source={source} />,
        },
        { key: 'age', title: 'Age', render: (_, source) => <Age source={source} /> },
        { key: 'action', title: 'What to do', render: (_, source) => action(source) },
      ]}
      card={(source) => (
        <article className="hf-card" data-testid="overview-source" data-status={source.state}>
          <div className="hf-card-head">
            {name(source)}
            <State source={source} />
          </div>
          <CardFacts
            facts={[
              ['Newest proven restore point', <Proven key="proven" source={source} />],
              ['Age', <Age key="age" source={source} />],
              ['What to do', <span key="action">{action(source)}</span>],
            ]}
          />
        </article>
      )}
    />
  );
}
